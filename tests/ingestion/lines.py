"""Versions that wait in the line without a file behind them, and the order that deficit round robin gives them, by its
textbook: a ring of tenants, a share of credit at each visit, and whoever has the credit for its first is served.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ingestion.models import Document, Version
from tests.cast import House

SHARE, OVERHEAD = 131_072, 65_536  # as the door has them
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Waiting:
    id: uuid.UUID
    tenant: uuid.UUID
    lane: tuple[uuid.UUID, uuid.UUID | None]
    size: int
    is_bulk: bool
    created_at: datetime


def wait(
    house: House,
    collection: uuid.UUID,
    sizes: Sequence[int],
    *,
    since: int = 0,
    who: uuid.UUID | None = None,
    is_bulk: bool = False,
) -> list[Waiting]:
    """One for each size, a second apart from the second `since` on."""
    made = []
    with house.system.transaction():
        for place, size in enumerate(sizes):
            row = Document.objects.create(tenant_id=house.tenant, collection_id=collection, name=f"{uuid.uuid4().hex}")
            version = Version.objects.create(
                tenant_id=house.tenant,
                collection_id=collection,
                document=row,
                number=1,
                media_type="text/plain",
                size=size,
                sha256="0" * 64,
                path="nowhere",
                uploaded_by=who,
                is_bulk=is_bulk,
            )
            Document.objects.filter(pk=row.pk).update(latest=version)
            at = BEGAN + timedelta(seconds=since + place)
            Version.objects.filter(pk=version.pk).update(created_at=at)
            made.append(Waiting(version.pk, house.tenant, (collection, who), size, is_bulk, at))
    return made


@dataclass
class _Tenant:
    waiting: list[Waiting] = field(default_factory=list)
    credit: int = 0
    visited: int = 0
    lanes: dict[tuple[uuid.UUID, uuid.UUID | None], int] = field(default_factory=dict)  # when each was last taken from

    @property
    def first(self) -> Waiting:
        """Of the first of each lane: of people before machines, then whose lane has waited longest, then the oldest."""
        heads: dict[object, Waiting] = {}
        for one in sorted(self.waiting, key=lambda one: (one.is_bulk, one.created_at, one.id)):
            heads.setdefault(one.lane, one)
        return min(heads.values(), key=lambda one: (one.is_bulk, self.lanes.get(one.lane, -1), one.created_at, one.id))

    def can_pay(self) -> bool:
        return self.credit >= self.first.size + OVERHEAD


class Textbook:
    """The order, taken one by one; more may come in between."""

    def __init__(self) -> None:
        self._tenants: dict[uuid.UUID, _Tenant] = {}
        self._visits = self._taken = 0

    def come(self, more: Sequence[Waiting]) -> None:
        for one in more:
            self._tenants.setdefault(one.tenant, _Tenant()).waiting.append(one)

    def taken(self, most: int) -> list[uuid.UUID]:
        found: list[uuid.UUID] = []
        while len(found) < most and (version := self.take()):
            found.append(version)
        return found

    def take(self) -> uuid.UUID | None:
        for tenant in self._tenants.values():
            if not tenant.waiting:
                tenant.credit = 0
        ring = {one: tenant for one, tenant in self._tenants.items() if tenant.waiting}
        if not ring:
            return None
        here = next((one for one in ring.values() if self._visits and one.visited == self._visits), None)
        while here is None or not here.can_pay():
            _, here = min(ring.items(), key=lambda one: (one[1].visited, one[1].first.created_at, one[0]))
            self._visits += 1
            here.visited = self._visits
            here.credit += SHARE
        return self._serve(here)

    def _serve(self, tenant: _Tenant) -> uuid.UUID:
        first = tenant.first
        tenant.credit -= first.size + OVERHEAD
        tenant.waiting.remove(first)
        self._taken += 1
        tenant.lanes[first.lane] = self._taken
        return first.id


def sizes(chance: random.Random, amount: int) -> list[int]:
    """Most are small, some are large."""
    return [chance.choice([900, 5_000, 40_000, 200_000, 900_000]) for _ in range(amount)]
