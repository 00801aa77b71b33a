"""A chunk is read at a time, while answers go on being written; what was read before is not read again.

llama-server lets every prompt that it holds wait for all of them, keeps nothing that another slot could go on from, and
gives whoever asks whatever prefix it finds. So the order, the sharing and who may share are decided here:

- The shortest rest is read first, and whoever has waited gets ahead: a short prompt does not stand behind a long one.
- Short rests are read together, as far as they go into one chunk.
- After each chunk the choice is made anew, and answers under way have got on by a token.
- Prompts that begin alike are read once: when the first is read it is kept, and the others go on from there.
- What is kept is kept under a key, and nobody with another key is ever spared the reading of it: how long an answer
  takes must not tell what others have asked.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Coroutine
from typing import Any

import httpx

from inference.worker.engines.base import CHUNK, Address
from inference.worker.kept import COMMON, LEAST, Keeping, Kept, Shelf, alike
from inference.worker.relay import stopped, unless
from inference.worker.slots import Reading, Slot, SlotDoor, State

log = logging.getLogger(__name__)

AGEING = 40.0  # tokens by which a second of waiting makes a prompt shorter in the choice
FIRST_S = 1.0  # that the first token of a prompt which has been read is waited for, before the next one is read on
WORTH = 32  # tokens read that are worth being kept
EARLY = 200  # tokens read that are worth it before the answer: the engine's step that is under way has to end for it


class Reader:
    """Lives in one event loop. `slots` prompts at most are with it at once: the queue before it sees to that."""

    def __init__(self, door: SlotDoor, slots: int, most_bytes: int) -> None:
        self.door = door
        self.slots = [Slot(number) for number in range(slots)]
        self.keeping = Keeping(Shelf(), most_bytes)
        self.waiting: list[Reading] = []
        self.rate = 50.0  # tokens a second, as lately measured
        self._known: Address | None = None
        self._beginning: list[Reading] = []  # streams without a first token
        self._changed = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def read(self, reading: Reading) -> int:
        """The number of the slot that holds it in the end. Whoever asked writes on there, and calls `leave` then.

        Raises httpx.HTTPError where the engine failed. Cancelled, it gives up the slot.
        """
        self.waiting.append(reading)
        self._wake()
        try:
            await reading.ended.wait()
        except asyncio.CancelledError:
            self._give_up(reading)
            raise
        if reading.fault is not None or reading.slot is None:
            raise reading.fault or httpx.ReadError("it was never begun")
        return reading.slot.number

    def leave(self, reading: Reading) -> None:
        """The answer is over, or was broken off."""
        reading.begun.set()
        if reading.slot is not None and reading.slot.state is State.WRITING:
            reading.slot.state = State.LEFT
            self._wake()

    def expected_s(self, reading: Reading) -> float:
        """Until the last of its tokens is read, as things stand."""
        rank = self._rank(reading)
        ahead = sum(self._unread(one) for one in self.waiting if self._rank(one) <= rank)
        return round(ahead / self.rate, 1)

    @property
    def left(self) -> list[Slot]:
        """Those whose answer is over, and that have not been kept yet."""
        return [slot for slot in self.slots if slot.state is State.LEFT]

    def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
        self.keeping.shelf.close()

    def _wake(self) -> None:
        self._changed.set()
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())

    def _give_up(self, reading: Reading) -> None:
        if reading in self.waiting:
            self.waiting.remove(reading)
        if reading.slot is not None and reading.slot.state in {State.READING, State.WRITING}:
            reading.slot.state = State.LEFT
        reading.ended.set()
        self._wake()

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            await self._tidy()
            if not self.waiting:
                await self._changed.wait()
                continue
            await self._step(self._chosen())

    def _chosen(self) -> list[Reading]:
        """Whose turn it is, and the next ones whose rests go into the same step: a step costs much, however short."""
        first, *others = sorted(self.waiting, key=self._rank)
        chosen, room = [first], CHUNK - self._unread(first)
        for one in others:
            rest = self._unread(one)
            if rest > room:
                break
            if not any(one.in_common(other) >= one.until - rest + LEAST for other in chosen):
                chosen.append(one)
                room -= rest
        return chosen

    async def _step(self, chosen: list[Reading]) -> None:
        """One chunk on, or the end."""
        unplaced = [one for one in chosen if one.slot is None]
        for one in unplaced:  # one after the other: no two into the same slot
            await self._tried(one, self._place(one))
        await self._all(unplaced, self._bring)
        await self._first_tokens()
        began, before = time.monotonic(), sum(one.read for one in chosen)
        await self._all(chosen, self._chunk)
        if (read := sum(one.read for one in chosen) - before) >= WORTH:
            self.rate += 0.2 * (read / max(1e-3, time.monotonic() - began) - self.rate)
        await self._all([one for one in chosen if one.read == one.until], self._end)

    async def _first_tokens(self) -> None:
        """Of the streams just handed over: the next chunk would go before them, and takes as long as dozens of tokens."""
        awaited = [asyncio.ensure_future(one.begun.wait()) for one in self._beginning]
        self._beginning.clear()
        if awaited:
            await asyncio.wait(awaited, timeout=FIRST_S)
            await stopped(*awaited)

    async def _all(self, chosen: list[Reading], do: Callable[[Reading], Coroutine[Any, Any, None]]) -> None:
        """At once: each call waits for the engine's step that is under way."""
        await asyncio.gather(*(self._tried(one, do(one)) for one in chosen if one in self.waiting))

    async def _tried(self, reading: Reading, doing: Coroutine[Any, Any, None]) -> None:
        """Whatever comes of it, the next one is read."""
        try:
            await doing
        except httpx.HTTPError as fault:
            self._fail(reading, fault)
        except Exception as fault:
            log.exception("a prompt could not be read")
            self._fail(reading, httpx.ReadError(type(fault).__name__))

    def _rank(self, reading: Reading) -> tuple[float, float]:
        waited = time.monotonic() - reading.arrived
        return self._unread(reading) - AGEING * waited, reading.arrived

    def _unread(self, reading: Reading) -> int:
        """Tokens to be read, from what is kept by now."""
        if reading.slot is not None:
            return reading.until - reading.read
        _, kept = self.keeping.best(reading.key, reading.tokens)
        _, under_way = self._under_way(reading)
        return reading.until - max(kept, under_way)

    def _under_way(self, reading: Reading) -> tuple[Slot | None, int]:
        """The slot that has read most of the same by now for another who waits between two chunks."""
        best: tuple[Slot | None, int] = (None, 0)
        for slot in self.slots:
            if slot.state is State.READING and slot.key in {reading.key, COMMON}:
                length = alike(slot.tokens, reading.tokens)
                best = (slot, length) if length > best[1] else best
        return best

    async def _tidy(self) -> None:
        """After an engine's new start no slot holds anything; what was left is kept before it is written over."""
        engine = self.door.engine()
        if engine is not self._known:
            self._known = engine
            for slot in self.slots:
                slot.forget()
                slot.is_empty = True
        while left := self.left:
            await asyncio.gather(*(self._keep(slot) for slot in left))
            for slot in left:
                slot.state, slot.used_at = State.IDLE, time.monotonic()

    async def _chunk(self, reading: Reading) -> None:
        """As many tokens as go into a step, in steps of about one size. Nothing where its client leaves meanwhile."""
        slot, rest = reading.slot, reading.until - reading.read
        if slot is None or not rest:
            return
        until = reading.read + math.ceil(rest / math.ceil(rest / CHUNK))
        slot.is_empty = False
        read = await unless(reading.ended, self.door.read(slot.number, reading.tokens[:until].tolist()))
        if read is not None:
            reading.read = until
            slot.tokens, slot.kept = reading.tokens[:until], None

    async def _end(self, reading: Reading) -> None:
        """Handed to who writes, and kept before where others may soon go on from there. Else it is kept with its answer."""
        slot = reading.slot
        if slot is None:
            return
        if reading.read - reading.cached >= EARLY or self._is_awaited(reading):
            await self._keep(slot)
        if reading in self.waiting:
            self.waiting.remove(reading)
            slot.state, slot.is_empty = State.WRITING, False  # one that reads without us has been told no tokens
            reading.ended.set()
            if reading.is_streamed:
                self._beginning.append(reading)

    def _is_awaited(self, reading: Reading) -> bool:
        """Whether anybody who waits is to go on from what it has read, and from nothing that is kept."""
        others = [one for one in self.waiting if one is not reading and one.slot is None]
        return any(one.in_common(reading) > self.keeping.best(one.key, one.tokens)[1] for one in others)

    async def _place(self, reading: Reading) -> None:
        """Choose a slot of its own for it, and what it goes on from: the most of the prompt that this key may know of."""
        reading.began = time.monotonic()
        kept, length = self.keeping.best(reading.key, reading.tokens)
        near, near_length = self._under_way(reading)
        if near is not None and near_length > max(length, LEAST):
            kept = await self._keep(near) or kept
            length = alike(kept.tokens, reading.tokens) if kept else 0
        if reading not in self.waiting:
            return
        idle = [slot for slot in self.slots if slot.state is State.IDLE]
        if reading.is_alone:
            idle = self.slots[:1]  # nobody else has one
        slot = next((slot for slot in idle if self._holds(slot, reading, kept, length)), None)
        if slot is None:
            slot = min(idle, key=lambda one: (not one.is_empty, one.used_at))
            slot.forget()
        reading.slot, reading.source, slot.key, slot.state = slot, kept, reading.key, State.READING

    def _holds(self, slot: Slot, reading: Reading, kept: Kept | None, length: int) -> bool:
        """Whether it can be read on in the slot as it stands."""
        if kept is not None and slot.kept is kept:
            return True
        return slot.key == reading.key and alike(slot.tokens, reading.tokens) > max(length, LEAST)

    async def _bring(self, reading: Reading) -> None:
        """What it goes on from into its slot, in place of whatever that held; without any, nothing is left in it."""
        slot, kept = reading.slot, reading.source
        if slot is None:
            return
        if not len(slot.tokens):
            await self._fill(slot, kept)
        if kept is not None and kept in self.keeping.rows:
            self.keeping.use(kept)
        known = min(alike(slot.tokens, reading.tokens), reading.until)
        reading.cached = reading.read = known
        slot.tokens, slot.kept = slot.tokens[:known], None

    async def _fill(self, slot: Slot, kept: Kept | None) -> None:
        if kept is not None and kept in self.keeping.rows:  # else its name may be another's by now
            slot.is_empty = False
            try:
                await self.door.restore(slot.number, kept.name)
            except httpx.HTTPStatusError as fault:
                log.warning("what was kept could not be brought back: %s", fault)
                if kept in self.keeping.rows:
                    self.keeping.drop(kept)
            else:
                slot.tokens, slot.kept = kept.tokens, kept
                return
        if not slot.is_empty:
            await self.door.erase(slot.number)
            slot.is_empty = True

    async def _keep(self, slot: Slot) -> Kept | None:
        """What the slot holds, kept under its key. None where that is not worth it or fails: it is read again then."""
        if slot.kept in self.keeping.rows and slot.state is not State.LEFT:  # it may have been given up meanwhile
            return slot.kept
        best, length = self.keeping.best(slot.key, slot.tokens)
        is_worth = len(slot.tokens) - length >= WORTH or slot.state is State.LEFT
        if len(slot.tokens) < LEAST or not is_worth or not self.keeping.has_room(len(slot.tokens)):
            return best
        name = ""
        try:
            name = self.keeping.shelf.take()
            saved, size = await self.door.save(slot.number, name)
            if saved < LEAST:
                raise httpx.ReadError("nothing was kept")
            slot.kept = self.keeping.add(slot.key, name, size, slot.tokens, saved)
        except (httpx.HTTPError, OSError) as fault:
            log.warning("what was read could not be kept: %s", fault)
            if name:
                self.keeping.shelf.give_back(name)
            if slot.state is State.LEFT:
                slot.forget()
            return None
        slot.tokens = slot.kept.tokens
        return slot.kept

    def _fail(self, reading: Reading, fault: httpx.HTTPError) -> None:
        if reading in self.waiting:
            self.waiting.remove(reading)
        if reading.slot is not None:
            reading.slot.forget()
            reading.slot.state = State.LEFT
        reading.fault = fault
        reading.ended.set()
