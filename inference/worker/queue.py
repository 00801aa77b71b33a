"""A bounded, fair queue before the engine: as many at once as there are slots, then one of each share in turn."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator

from governance.errors import Busy


class FairQueue:
    """`slots` run at once, `most` wait in all and `most_a_share` of one share. Lives in one event loop."""

    def __init__(self, slots: int, most: int, most_a_share: int) -> None:
        self.slots, self.most, self.most_a_share = slots, most, most_a_share
        self.running = 0
        self.waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self.typical_s = 10.0  # of one answer, as lately measured

    @property
    def depth(self) -> int:
        return sum(len(line) for line in self.waiting.values())

    @contextlib.asynccontextmanager
    async def turn(self, share: str) -> AsyncIterator[None]:
        """Hold a slot. Raises Busy at once where the queue is full; leaving while waiting gives the place up."""
        await self._enter(share)
        began = time.monotonic()
        try:
            yield
        finally:
            self.typical_s += 0.2 * (time.monotonic() - began - self.typical_s)
            self.running -= 1
            self._admit()

    async def _enter(self, share: str) -> None:
        if self.running < self.slots and not self.waiting:
            self.running += 1
            return
        line = self.waiting.get(share, ())
        if self.depth >= self.most or len(line) >= self.most_a_share:
            wait_s = round(self.typical_s * (self.depth + 1) / self.slots, 1)
            raise Busy("The model is busy. Try again in a while.", position=self.depth + 1, wait_s=wait_s)
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(share, deque()).append(place)
        try:
            await place
        except asyncio.CancelledError:
            self._leave(share, place)
            raise

    def _leave(self, share: str, place: asyncio.Future[None]) -> None:
        if place.done() and not place.cancelled():  # admitted in the same moment: the slot goes on to the next
            self.running -= 1
            self._admit()
            return
        line = self.waiting.get(share)
        if line and place in line:
            line.remove(place)
            if not line:
                del self.waiting[share]

    def _admit(self) -> None:
        while self.running < self.slots and self.waiting:
            share, line = self.waiting.popitem(last=False)
            place = line.popleft()
            if line:
                self.waiting[share] = line  # its next one stands behind every other share
            if not place.done():
                self.running += 1
                place.set_result(None)
