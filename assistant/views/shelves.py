"""Collections as one person sees them: with what they may do there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from governance.errors import NotFound
from governance.scope import Scope
from ingestion import catalog
from ingestion.models import Collection


@dataclass(frozen=True)
class Shelf:
    """`documents` is None where the content is not theirs to know of."""

    id: uuid.UUID
    name: str
    description: str
    classification: str
    strictness: str
    half_life_days: int
    can_read: bool
    can_write: bool
    can_manage: bool
    documents: int | None
    paused_at: datetime | None = None  # since when nothing more of it is read


def listed(scope: Scope) -> list[Shelf]:
    return _shelves(scope, catalog.listed(scope))


def get(scope: Scope, collection: uuid.UUID) -> Shelf:
    """Raises NotFound."""
    row = catalog.get(scope, collection)
    found = _shelves(scope, [row])
    if not found:
        raise NotFound(_("There is no such collection, or you may not see it."))  # taken away in between
    return found[0]


def _shelves(scope: Scope, rows: list[Collection]) -> list[Shelf]:
    rights = catalog.rights(scope, [row.pk for row in rows])
    return [
        Shelf(
            row.pk,
            row.name,
            row.description,
            row.classification,
            row.strictness,
            row.half_life_days,
            may.can_read,
            may.can_write,
            may.can_manage,
            may.documents,
            row.paused_at,
        )
        for row in rows
        if (may := rights.get(row.pk))
    ]
