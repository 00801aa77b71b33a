"""One prompt is read at a time, in chunks, while answers go on being written; what was read before is not read again.

llama-server lets every prompt that it holds wait for all of them, keeps nothing that another slot could go on from, and
gives whoever asks whatever prefix it finds. So the order, the sharing and who may share are decided here:

- The shortest rest is read first, and whoever has waited gets ahead: a short prompt does not stand behind a long one.
- After each chunk the choice is made anew, and answers under way have got on by a token.
- Prompts that begin alike are read once: when the first is read it is kept, and the others go on from there.
- What is kept is kept under a key, and nobody with another key is ever spared the reading of it: how long an answer
  takes must not tell what others have asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Coroutine
from typing import Any

import httpx

from inference.worker.engines.base import CHUNK, Address
from inference.worker.kept import COMMON, LEAST, Keeping, Kept, Shelf, alike
from inference.worker.relay import stopped
from inference.worker.slots import Reading, Slot, SlotDoor, State

log = logging.getLogger(__name__)

AGEING = 40.0  # tokens by which a second of waiting makes a prompt shorter in the choice
FIRST_S = 1.0  # that the first token of a prompt which has been read is waited for, before the next one is read on
WORTH = 32  # tokens read that are worth being kept


class Reader:
    """Lives in one event loop. `slots` prompts at most are with it at once: the queue before it sees to that."""

    def __init__(self, door: SlotDoor, slots: int, most_bytes: int) -> None:
        self.door = door
        self.slots = [Slot(number) for number in range(slots)]
        self.keeping = Keeping(Shelf(), most_bytes)
        self.waiting: list[Reading] = []
        self.rate = 50.0  # tokens a second, as lately measured
        self._known: Address | None = None
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
            reading = min(self.waiting, key=self._rank)
            try:
                await self._advance(reading)
            except httpx.HTTPError as fault:
                self._fail(reading, fault)
            except Exception as fault:  # whatever it was, the next one is read
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
        while self.left:
            slot = self.left[0]
            await self._keep(slot)
            slot.state, slot.used_at = State.IDLE, time.monotonic()

    async def _advance(self, reading: Reading) -> None:
        """One chunk on, or the end."""
        slot = reading.slot or await self._place(reading)
        if reading not in self.waiting:
            return
        if reading.read < reading.until and not await self._chunk(reading, slot):
            return
        if reading.read == reading.until:
            await self._keep(slot)
            if reading in self.waiting:
                self.waiting.remove(reading)
                slot.state, slot.is_empty = State.WRITING, False  # one that reads without us has been told no tokens
                reading.ended.set()
                if reading.is_streamed:
                    await self._first_token(reading)

    async def _chunk(self, reading: Reading, slot: Slot) -> bool:
        """False where its client has left meanwhile. As many tokens as go into a step, in steps of about one size."""
        rest, began = reading.until - reading.read, time.monotonic()
        until = reading.read + math.ceil(rest / math.ceil(rest / CHUNK))
        slot.is_empty = False
        read = await _unless(reading.ended, self.door.read(slot.number, reading.tokens[:until].tolist()))
        if read is None:
            return False
        if read >= WORTH:
            self.rate += 0.2 * (read / max(1e-3, time.monotonic() - began) - self.rate)
        reading.read = until
        slot.tokens, slot.kept = reading.tokens[:until], None
        return True

    async def _first_token(self, reading: Reading) -> None:
        """A chunk of the next prompt would go before it, and takes as long as dozens of tokens."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reading.begun.wait(), FIRST_S)

    async def _place(self, reading: Reading) -> Slot:
        """A slot of its own that holds as much of the prompt as this key may know of, and nothing else."""
        reading.began = time.monotonic()
        kept, length = self.keeping.best(reading.key, reading.tokens)
        near, near_length = self._under_way(reading)
        if near is not None and near_length > max(length, LEAST):
            kept = await self._keep(near) or kept
            length = alike(kept.tokens, reading.tokens) if kept else 0
        idle = [slot for slot in self.slots if slot.state is State.IDLE]
        if reading.is_alone:
            idle = self.slots[:1]  # nobody else has one
        slot = next((slot for slot in idle if self._holds(slot, reading, kept, length)), None)
        if slot is None:
            slot = min(idle, key=lambda one: (not one.is_empty, one.used_at))
            await self._bring(slot, kept)
        if kept is not None and kept in self.keeping.rows:
            self.keeping.use(kept)
        known = min(alike(slot.tokens, reading.tokens), reading.until)
        reading.cached = reading.read = known
        reading.slot, slot.key = slot, reading.key
        slot.tokens, slot.kept = slot.tokens[:known], None
        slot.state = State.READING if reading in self.waiting else State.LEFT
        return slot

    def _holds(self, slot: Slot, reading: Reading, kept: Kept | None, length: int) -> bool:
        """Whether it can be read on in the slot as it stands."""
        if kept is not None and slot.kept is kept:
            return True
        return slot.key == reading.key and alike(slot.tokens, reading.tokens) > max(length, LEAST)

    async def _bring(self, slot: Slot, kept: Kept | None) -> None:
        """What is kept into the slot, in place of whatever it held; without any, nothing is left in it."""
        slot.forget()
        if kept is not None:
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


async def _unless(ended: asyncio.Event, asked: Coroutine[Any, Any, int]) -> int | None:
    """What was asked for, or None once it has `ended` without it: the line is closed then, which the engine notices."""
    asking, leaving = asyncio.ensure_future(asked), asyncio.ensure_future(ended.wait())
    try:
        await asyncio.wait({asking, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return asking.result() if asking.done() else None
    finally:
        await stopped(asking, leaving)
