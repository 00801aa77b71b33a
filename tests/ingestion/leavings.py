"""What tests of deleted collections share."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from ingestion.leaving import certificates, deleted
from ingestion.models import Collection
from tests.cast import House

TEXT = "# Hotels\n\nA night in a hotel is paid up to 140 euros.\n\n## Meals\n\nBreakfast is not."


def age(house: House, collection: uuid.UUID, days: int) -> None:
    with house.system.transaction():
        rows = Collection.objects.filter(pk=collection)
        rows.update(deleted_at=timezone.now() - timedelta(days=days))


def waiting(house: House, who: str = "ada") -> list[uuid.UUID]:
    return [one.row.pk for one in deleted.found(house.scope(who))]


def certificate(house: House, collection: uuid.UUID) -> dict[str, Any]:
    return dict(certificates.told(certificates.get(house.ada, collection))["certificate"])
