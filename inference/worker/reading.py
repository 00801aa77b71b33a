"""A chunk is read at a time, while answers go on being written; what was read before is not read again.

llama-server lets every prompt that it holds wait for all of them, keeps nothing that another slot could go on from, and
gives whoever asks whatever prefix it finds. So the order, the sharing and who may share are decided here:

- The shortest rest is read first, and whoever has waited gets ahead: a short prompt does not stand behind a long one.
- Short rests are read together, as far as they go into one chunk.
- After each chunk the choice is made anew, and answers under way have got on by a token.
- The last chunk is read with its answer, and asked for while the engine is at the one before; and while it is at that one, the
  next prompt is: between them the engine takes no step of its own, which costs as much as dozens of tokens where many answers
  are written.
- Prompts that begin alike are read once: when the first is read it is kept, and the others go on from there.
- What is kept is kept under a key, and nobody with another key is ever spared the reading of it: how long an answer
  takes must not tell what others have asked.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine
from typing import Any

import httpx

from inference.worker.engines.base import CHUNK
from inference.worker.held import Held
from inference.worker.kept import LEAST
from inference.worker.pace import Pace
from inference.worker.relay import either, stopped, unless
from inference.worker.slots import Reading, SlotDoor, State

log = logging.getLogger(__name__)

AGEING = 40.0  # tokens by which a second of waiting makes a prompt shorter in the choice
FIRST_S = 1.0  # that the answer to a prompt which has been read is waited for to begin, before the next one is read on
BEGIN_S = 60.0  # that the engine is waited for to come to an answer with the last of its prompt: the step under way has to end
EARLY = 200  # tokens read that are worth being kept before the answer: the engine's step that is under way has to end for it
MUCH = 1024  # tokens read that are worth it also while others wait


class Reader:
    """Lives in one event loop. `slots` prompts at most are with it at once: the queue before it sees to that."""

    def __init__(self, door: SlotDoor, slots: int, most_bytes: int) -> None:
        self.held = Held(door, slots, most_bytes)
        self.waiting: list[Reading] = []
        self.pace = Pace()
        self._beginning: list[Reading] = []  # streams that the engine is not at yet
        self._under_way: dict[
            Reading, asyncio.Task[int]
        ] = {}  # chunks that it is at, with the next one left to the answer
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

    def begin(self, reading: Reading) -> None:
        """The engine is at the answer, and so at what of its prompt was left to it."""
        if reading.slot is not None and reading.slot.state is State.WRITING and reading.read < reading.until:
            self.pace.begun(reading.until - reading.read)
            if not self.waiting:
                self.pace.rest()
            reading.read = reading.until
            reading.slot.hold(reading.tokens[: reading.until])
        reading.begun.set()

    def leave(self, reading: Reading) -> None:
        """The answer is over, or was broken off."""
        reading.begun.set()
        if under_way := self._under_way.get(reading):
            under_way.cancel()
        if reading.slot is not None and reading.slot.state is State.WRITING:
            reading.slot.state = State.LEFT
            self._wake()

    def expected_s(self, reading: Reading) -> float:
        """Until the last of its tokens is read, as things stand."""
        rank = self._rank(reading)
        ahead = [one for one in self.waiting if self._rank(one) <= rank]
        ahead += [one for one in self._beginning if one is not reading]
        return round(sum(self.held.unread(one) for one in {*ahead, reading}) / self.pace.rate, 1)

    def close(self) -> None:
        for one in (self._running, *self._under_way.values()):
            if one is not None:
                one.cancel()
        self.held.keeping.shelf.close()

    def _wake(self) -> None:
        self._changed.set()
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())

    def _give_up(self, reading: Reading) -> None:
        if reading in self.waiting:
            self.waiting.remove(reading)
        if reading.slot is not None and reading.slot.state in {State.READING, State.WRITING}:
            reading.slot.state = State.LEFT
        reading.slot = None  # soon another's
        reading.ended.set()
        self._wake()

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            if self.held.left and self._under_way:
                # The engine puts off what is asked of a busy slot, and of several such it may forget all but one for long.
                await asyncio.wait(self._under_way.values())
            await self.held.tidy()
            if not self.waiting:
                self.pace.rest()
                await self._changed.wait()
                continue
            await self._step(self._chosen())

    def _chosen(self) -> list[Reading]:
        """Whose turn it is, and the next ones whose rests go into the same step: a step costs much, however short."""
        first, *others = sorted(self.waiting, key=self._rank)
        chosen, room = [first], CHUNK - self.held.unread(first)
        for one in others:
            rest = self.held.unread(one)
            if rest > room:
                break
            if not any(one.in_common(other) >= one.until - rest + LEAST for other in chosen):
                chosen.append(one)
                room -= rest
        return chosen

    async def _step(self, chosen: list[Reading]) -> None:
        """One chunk on, or the end, or what is left of it to the answer."""
        unplaced = [one for one in chosen if one.slot is None]
        for one in unplaced:  # one after the other: no two into the same slot
            await self._tried(one, self.held.place(one))
        await self._all(unplaced, self.held.bring)
        await self._begun()
        self.pace.asked()
        left = [one for one in chosen if self._is_left_to_its_answer(one)]
        if any(one.until - one.read > CHUNK for one in left):  # it is alone then
            await self._all(left, self._but_last)
            return
        for one in left:
            self._hand_over(one)
        ours = [one for one in chosen if one in self.waiting]
        before = sum(one.read for one in ours)
        await self._all(ours, self._chunk)
        if read := sum(one.read for one in ours) - before:
            self.pace.ended(read)
        await self._all([one for one in ours if one.read == one.until], self._end)

    async def _begun(self) -> None:
        """The streams just handed over: the next chunk would go before them, and takes as long as dozens of tokens."""
        awaited = [asyncio.ensure_future(one.begun.wait()) for one in self._beginning]
        if awaited:
            is_all_read = all(one.read == one.until for one in self._beginning)
            await asyncio.wait(awaited, timeout=FIRST_S if is_all_read else BEGIN_S)
            await stopped(*awaited)
        self._beginning.clear()

    def _is_left_to_its_answer(self, reading: Reading) -> bool:
        """Whether who writes may read the last chunk, with one before it at the most: where nobody is to go on from what was
        read, and it need not be kept before its answer."""
        rest = reading.until - reading.read
        if not reading.is_streamed or reading.slot is None or rest > 2 * CHUNK or self._is_awaited(reading):
            return False
        return reading in self.waiting and reading.until - reading.cached < (MUCH if len(self.waiting) > 1 else EARLY)

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
        # By when it came, not by how long it has waited since: of two that came in one moment, whoever is looked at later
        # would have waited longer.
        return self.held.unread(reading) + AGEING * reading.arrived, reading.arrived

    async def _chunk(self, reading: Reading) -> None:
        """As many tokens as go into a step, in steps of about one size. Nothing where its client leaves meanwhile."""
        slot, until = reading.slot, _next(reading)
        if slot is None or until == reading.read:
            return
        asked = self.held.door.read(slot.number, reading.tokens[:until].tolist(), is_anew=slot.fill(reading))
        read = await unless(reading.ended, asked)
        if read is not None:
            reading.read = until
            slot.hold(reading.tokens[:until])

    async def _but_last(self, reading: Reading) -> None:
        """The last chunk but one. While the engine is at it the answer is asked for, which waits for the slot."""
        slot, until, begun = reading.slot, _next(reading), asyncio.Event()
        if slot is None:
            return
        prompt = reading.tokens[:until].tolist()
        asked = self.held.door.read(slot.number, prompt, is_anew=slot.fill(reading), begun=begun)
        under_way = self._under_way[reading] = asyncio.create_task(asked)
        under_way.add_done_callback(lambda task: self._over(reading, task))
        await either(under_way, begun, reading.ended)
        # As things are by now: whoever has come meanwhile may be the next, or go on from what is read of this one.
        if begun.is_set() and reading in self.waiting:
            self.pace.begun(until - reading.read)
            if self._is_left_to_its_answer(reading) and min(self.waiting, key=self._rank) is reading:
                reading.read = until
                self._hand_over(reading)
                return
            await either(under_way, reading.ended)
        if reading not in self.waiting:  # its client has left
            await stopped(under_way)
            return
        under_way.result()  # raises what it failed of
        self.pace.ended(0)
        reading.read = until
        slot.hold(reading.tokens[:until])

    def _over(self, reading: Reading, under_way: asyncio.Task[int]) -> None:
        """Where it failed and is waited for no longer, so does the answer."""
        del self._under_way[reading]
        if not under_way.cancelled() and (fault := under_way.exception()) and reading.ended.is_set():
            log.warning("the last chunk but one of a prompt was not read: %s", fault)

    async def _end(self, reading: Reading) -> None:
        """All of it has been read. Kept where others may soon go on from there; else it is kept with its answer."""
        slot = reading.slot
        if slot is None:
            return
        if reading.read - reading.cached >= EARLY or self._is_awaited(reading):
            await self.held.keep(slot)
        if reading in self.waiting:
            self._hand_over(reading)

    def _hand_over(self, reading: Reading) -> None:
        """To who writes, with as much of it as has been read."""
        slot = reading.slot
        if slot is None:
            return
        self.waiting.remove(reading)
        slot.state, reading.is_anew = State.WRITING, slot.fill(reading)
        reading.ended.set()
        if reading.is_streamed:
            self._beginning.append(reading)

    def _is_awaited(self, reading: Reading) -> bool:
        """Whether anybody who waits is to go on from what it has read, and from nothing that is kept."""
        others = [one for one in self.waiting if one is not reading and one.slot is None]
        return any(one.in_common(reading) > self.held.keeping.best(one.key, one.tokens)[1] for one in others)

    def _fail(self, reading: Reading, fault: httpx.HTTPError) -> None:
        if reading.slot is not None:
            reading.slot.forget()
        reading.fault = fault
        self._give_up(reading)


def _next(reading: Reading) -> int:
    """Where the next chunk of it ends, of chunks of about one size."""
    rest = reading.until - reading.read
    return reading.read + math.ceil(rest / math.ceil(rest / CHUNK)) if rest else reading.read
