"""A bounded, fair queue before the engine: as many at once as there are slots, then one of each share in turn."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque

from governance.errors import Busy


class Place:
    """One request's place: it waits, is admitted to a slot, and leaves."""

    def __init__(self, share: str) -> None:
        self.share = share
        self.admitted = asyncio.Event()
        self.began = 0.0


class FairQueue:
    """`slots` run at once, `most` wait in all and `most_a_share` of one share. Lives in one event loop."""

    def __init__(self, slots: int, most: int, most_a_share: int) -> None:
        self.slots, self.most, self.most_a_share = slots, most, most_a_share
        self.running = 0
        self.waiting: OrderedDict[str, deque[Place]] = OrderedDict()
        self.typical_s = 10.0  # of one answer, as lately measured

    @property
    def depth(self) -> int:
        return sum(len(line) for line in self.waiting.values())

    def enter(self, share: str) -> Place:
        """A place, admitted already where a slot is free. Raises Busy where the queue is full, for all or this share."""
        place = Place(share)
        if self.running < self.slots and not self.waiting:
            self._admit(place)
            return place
        if self.depth >= self.most or len(self.waiting.get(share, ())) >= self.most_a_share:
            wait_s = round(self.typical_s * (self.depth + 1) / self.slots, 1)
            raise Busy("The model is busy. Try again in a while.", position=self.depth + 1, wait_s=wait_s)
        self.waiting.setdefault(share, deque()).append(place)
        return place

    def position(self, place: Place) -> int:
        """1 is the next to be admitted, 0 has been. Each other share goes once before each place of this one."""
        if place.admitted.is_set():
            return 0
        own, is_before, ahead = self.waiting[place.share].index(place), True, 0
        for share, line in self.waiting.items():
            if share == place.share:
                is_before = False
                ahead += own
            else:
                ahead += min(len(line), own + is_before)
        return ahead + 1

    def leave(self, place: Place) -> None:
        """Give up the slot, or the place in the line. To be called once, however the request ended."""
        if place.admitted.is_set():
            self.typical_s += 0.2 * (time.monotonic() - place.began - self.typical_s)
            self.running -= 1
            self._admit_next()
            return
        line = self.waiting[place.share]
        line.remove(place)
        if not line:
            del self.waiting[place.share]

    def _admit(self, place: Place) -> None:
        self.running += 1
        place.began = time.monotonic()
        place.admitted.set()

    def _admit_next(self) -> None:
        while self.running < self.slots and self.waiting:
            share, line = self.waiting.popitem(last=False)
            self._admit(line.popleft())
            if line:
                self.waiting[share] = line  # its next one stands behind every other share
