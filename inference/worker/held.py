"""What the engine's slots hold, and what of it is kept: where a prompt goes, what is brought back for it and put away."""

from __future__ import annotations

import logging
import time

import httpx

from inference.worker.engines.base import Address
from inference.worker.kept import COMMON, LEAST, Keeping, Kept, Shelf, alike
from inference.worker.slots import Reading, Slot, SlotDoor, State

log = logging.getLogger(__name__)

WORTH = 32  # tokens read that are worth being kept


class Held:
    """Nothing of it may run beside itself but what says so: a place that is given up may be another's a moment later."""

    def __init__(self, door: SlotDoor, slots: int, most_bytes: int) -> None:
        self.door = door
        self.slots = [Slot(number) for number in range(slots)]
        self.keeping = Keeping(Shelf(), most_bytes)
        self._known: Address | None = None

    @property
    def left(self) -> list[Slot]:
        """Those whose answer is over, and that have not been kept yet."""
        return [slot for slot in self.slots if slot.state is State.LEFT]

    def unread(self, reading: Reading) -> int:
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

    async def tidy(self) -> None:
        """After an engine's new start no slot holds anything; what was left is kept before it is written over."""
        engine = self.door.engine()
        if engine is not self._known:
            self._known = engine
            for slot in self.slots:
                slot.forget()
                slot.is_empty = slot.state is not State.WRITING  # that one may have been asked of the new one already
        while left := self.left:
            # One after the other: of two that the engine puts off, one would wait for the other's slot.
            for slot in left:
                await self._settle(slot)
                slot.state, slot.used_at = State.IDLE, time.monotonic()

    async def _settle(self, slot: Slot) -> None:
        """What it holds is kept; where little is known of that, or nothing is to be kept, it is emptied. Either waits until the
        engine is done with it."""
        if slot.is_kept and len(slot.tokens) >= LEAST:
            await self.keep(slot)
        elif not slot.is_empty:
            try:
                # Not known to be empty then: whoever left at once may have asked for it in a call that comes to the engine later.
                await self._empty(slot)
            except Exception as fault:  # whatever it is: a slot that was left would stay so for good
                log.warning("a slot could not be emptied: %s", fault, exc_info=not isinstance(fault, httpx.HTTPError))

    async def _empty(self, slot: Slot) -> None:
        await self.door.erase(slot.number)
        slot.forget()

    async def place(self, reading: Reading) -> None:
        """Choose a slot of its own for it, and what it goes on from: the most of the prompt that this key may know of."""
        reading.began = time.monotonic()
        kept, length = self.keeping.best(reading.key, reading.tokens)
        near, near_length = self._under_way(reading)
        if near is not None and near_length > max(length, LEAST):
            kept = await self.keep(near) or kept
            length = alike(kept.tokens, reading.tokens) if kept else 0
        if reading.ended.is_set():
            return
        idle = [slot for slot in self.slots if slot.state is State.IDLE]
        if reading.is_alone:
            idle = self.slots[:1]  # nobody else has one
        slot = next((slot for slot in idle if self._holds(slot, reading, kept, length)), None)
        if slot is None:
            slot = min(idle, key=lambda one: (not one.is_empty, one.used_at))
            slot.forget()
        reading.slot, reading.source, slot.key, slot.state = slot, kept, reading.key, State.READING
        slot.is_kept = reading.is_kept
        if kept in self.keeping.rows:
            self.keeping.use(kept)  # what is kept for the next one that is placed would drive it out else

    def _holds(self, slot: Slot, reading: Reading, kept: Kept | None, length: int) -> bool:
        """Whether it can be read on in the slot as it stands."""
        if kept is not None and slot.kept is kept:
            return True
        return slot.key == reading.key and alike(slot.tokens, reading.tokens) >= max(length, LEAST)

    async def bring(self, reading: Reading) -> None:
        """What it goes on from into its slot, in place of whatever that held; without any it is read anew."""
        slot = reading.slot
        if slot is None:
            return
        if not len(slot.tokens):
            if reading.source not in self.keeping.rows:  # given up meanwhile, for one that holds all of it perhaps
                reading.source, _ = self.keeping.best(reading.key, reading.tokens)
            await self._fill(slot, reading.source)
            if not (len(reading.tokens) or slot.is_empty):  # the engine is not told how this one is to be read
                await self._empty(slot)
                slot.is_empty = True
        if reading.source is not None and reading.source in self.keeping.rows:
            self.keeping.use(reading.source)
        known = min(alike(slot.tokens, reading.tokens), reading.until)
        reading.cached = reading.read = known
        slot.hold(slot.tokens[:known])

    async def _fill(self, slot: Slot, kept: Kept | None) -> None:
        if kept is None or kept not in self.keeping.rows:  # its name may be another's by now
            return
        slot.is_empty = False
        try:
            await self.door.restore(slot.number, kept.name)
        except httpx.HTTPStatusError as fault:
            log.warning("what was kept could not be brought back: %s", fault)
            if kept in self.keeping.rows:
                self.keeping.drop(kept)
        else:
            slot.tokens, slot.kept = kept.tokens, kept

    async def keep(self, slot: Slot) -> Kept | None:
        """What the slot holds, kept under its key. None where that is not worth it or fails, or nothing is to be kept: it is
        read again then."""
        if not slot.is_kept:
            return None
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
        except Exception as fault:  # whatever it is: a slot that was left would stay so for good
            is_foreseen = isinstance(fault, httpx.HTTPError | OSError)
            log.warning("what was read could not be kept: %s", fault, exc_info=not is_foreseen)
            if name:
                self.keeping.shelf.give_back(name)
            if slot.state is State.LEFT:
                slot.forget()
            return None
        slot.tokens = slot.kept.tokens
        return slot.kept
