"""A bounded, fair queue before the engine: as many at once as there are slots, and of them as many for each tenant that waits."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter, OrderedDict, defaultdict, deque

from governance.errors import Busy

PATIENCE_S = 30.0  # after which no shorter question of the tenant goes first; each weighs as one answer less
_numbers = itertools.count()


class Place:
    """One request's place: it waits, is admitted to a slot, and leaves. `size` is about how much there is to read.

    One that `is_alone` runs beside no other. What `is_typical` tells how long others may take.
    """

    def __init__(self, share: str, size: int = 0, *, is_alone: bool = False) -> None:
        self.share, self.size, self.is_alone = share, size, is_alone
        self.tenant = share.partition("/")[0]
        self.admitted = asyncio.Event()
        self.number = next(_numbers)
        self.came = time.monotonic()
        self.began = 0.0
        self.is_typical = False


class FairQueue:
    """`slots` run at once, `most` wait in all and `most_a_share` of one person. Lives in one event loop.

    A share is tenant/person. The tenant that has the fewest under way is next, and of several that have as few each in
    turn; inside a tenant nobody is served twice before everybody was once, and of those the shortest goes first. Whoever
    has waited for half a minute goes before all of them, and each half minute counts as one answer less of the tenant's.

    A place that is to run alone takes its turn as any other. Then those who run end first, and nobody starts until it has
    ended. Between two of these as many others are served as there are slots, where so many wait.
    """

    def __init__(self, slots: int, most: int, most_a_share: int) -> None:
        self.slots, self.most, self.most_a_share = slots, most, most_a_share
        self.waiting: OrderedDict[str, list[Place]] = OrderedDict()
        # By tenant: the turns that each share has had while somebody of its tenant waited.
        self.turns: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.typical_s = 10.0  # of one answer, as lately measured
        self.served_beside = slots  # since the last one that ran alone
        self._under_way: list[Place] = []
        self._is_shut = False  # while one runs alone

    @property
    def running(self) -> int:
        return len(self._under_way)

    @property
    def depth(self) -> int:
        return sum(len(line) for line in self.waiting.values())

    def enter(self, share: str, size: int = 0, *, is_alone: bool = False) -> Place:
        """A place, admitted already where a slot is free. Raises Busy where the queue is full, for all or this share."""
        place = Place(share, size, is_alone=is_alone)
        line = self.waiting.setdefault(place.tenant, [])
        line.append(place)
        self._admit_next()  # also where somebody waits: one that is to run alone leaves slots free
        if place.admitted.is_set():
            return place
        if self.depth > self.most or sum(one.share == share for one in line) > self.most_a_share:
            self._remove(place)
            position = self.depth + 1
            raise Busy("The model is busy. Try again in a while.", position=position, wait_s=self.wait_s(position))
        return place

    def position(self, place: Place) -> int:
        """1 is the next to be admitted, 0 has been. It is taken that those end first who began first."""
        if place.admitted.is_set():
            return 0
        under_way = deque(one.tenant for one in self._under_way)
        lines = {tenant: deque(self._in_order(tenant)) for tenant in self.waiting}
        less, ahead = self._less(), 0
        while True:
            if len(under_way) >= self.slots:
                under_way.popleft()
            tenant = min(lines, key=lambda one: under_way.count(one) - less[one])
            if lines[tenant].popleft() is place:
                return ahead + 1
            ahead += 1
            under_way.append(tenant)
            if line := lines.pop(tenant):
                lines[tenant] = line  # behind all others that have as few under way

    def wait_s(self, position: int) -> float:
        """What it will be, about, until the place of that position is admitted."""
        return round(self.typical_s * position / self.slots, 1)

    def leave(self, place: Place) -> None:
        """Give up the slot, or the place in the line. To be called once, however the request ended."""
        if place.admitted.is_set():
            if place.is_typical:
                self.typical_s += 0.2 * (time.monotonic() - place.began - self.typical_s)
            self._under_way.remove(place)
            self._is_shut = False  # it ran alone, or nobody did
        else:
            self._remove(place)
        self._forget(place.tenant)
        self._admit_next()  # also of those that one which was to run alone held up

    def _in_order(self, tenant: str) -> list[Place]:
        """The tenant's line as it will be served if nobody else comes."""
        now, rounds = time.monotonic(), self.turns.get(tenant, Counter[str]()).copy()
        ranks: dict[Place, tuple[int, ...]] = {}
        for place in self.waiting[tenant]:  # in the order of their coming
            is_late = now - place.came > PATIENCE_S
            ranks[place] = (0, place.number) if is_late else (1, rounds[place.share], place.size, place.number)
            rounds[place.share] += 1
        return sorted(self.waiting[tenant], key=ranks.__getitem__)

    def _forget(self, tenant: str) -> None:
        """The turns of a rush that is over. Those who run have theirs still."""
        if tenant in self.waiting:
            return
        self.turns.pop(tenant, None)
        if running := Counter(one.share for one in self._under_way if one.tenant == tenant):
            self.turns[tenant] = running

    def _has_room(self, place: Place) -> bool:
        return self.running < self.slots and not self._is_shut and not (place.is_alone and self.running)

    def _admit(self, place: Place) -> None:
        self._under_way.append(place)
        self._is_shut = place.is_alone
        self.served_beside = 0 if place.is_alone else self.served_beside + 1
        self.turns[place.tenant][place.share] += 1
        place.began = time.monotonic()
        place.admitted.set()

    def _admit_next(self) -> None:
        while (place := self._next()) is not None and self._has_room(place):
            self._remove(place)
            if place.tenant in self.waiting:
                self.waiting.move_to_end(place.tenant)  # behind all others that have as few under way
            self._admit(place)

    def _next(self) -> Place | None:
        """Whose turn it is: one that is to run alone only once enough others were served, or where no other waits."""
        under_way, less = Counter(place.tenant for place in self._under_way), self._less()
        tenants = list(self.waiting)
        if not any(
            place.is_alone for line in self.waiting.values() for place in line
        ):  # newcomers would put that one back
            tenants.sort(key=lambda tenant: under_way[tenant] - less[tenant])
        in_turn = [place for tenant in tenants for place in self._in_order(tenant)]
        if self.served_beside < self.slots and not all(place.is_alone for place in in_turn):
            in_turn = [place for place in in_turn if not place.is_alone]
        return in_turn[0] if in_turn else None

    def _less(self) -> dict[str, int]:
        """How many answers less each tenant counts as having under way, for the longest that anybody of it has waited."""
        now = time.monotonic()
        return {tenant: int((now - line[0].came) // PATIENCE_S) for tenant, line in self.waiting.items()}

    def _remove(self, place: Place) -> None:
        line = self.waiting[place.tenant]
        line.remove(place)
        if not line:
            del self.waiting[place.tenant]
