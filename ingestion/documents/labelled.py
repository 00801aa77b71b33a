"""The label that a document carries, in words and in the tenant's order: its own, or its collection's.

What came within a document carries the label of the outermost one. What is attached to a conversation carries none.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from governance.scope import Scope
from ingestion.models import Document

_MARKS = """
WITH RECURSIVE up AS (
    SELECT d.id AS one, d.parent_id, d.label, d.collection_id FROM document d
    WHERE d.tenant_id = %(tenant)s AND d.id = ANY (%(wanted)s)
    UNION ALL
    SELECT up.one, d.parent_id, d.label, d.collection_id FROM up
    JOIN document d ON d.tenant_id = %(tenant)s AND d.id = up.parent_id
)
SELECT up.one, l.rank, l.name, coalesce(l.rank >= t.home_label, false)
FROM up JOIN collection c ON c.tenant_id = %(tenant)s AND c.id = up.collection_id
JOIN label l ON l.tenant_id = %(tenant)s AND l.rank = coalesce(up.label, c.label)
JOIN tenant t ON t.id = %(tenant)s
WHERE up.parent_id IS NULL AND c.bound_to IS NULL
"""
_RANKS = """
SELECT DISTINCT coalesce(d.label, c.label) FROM document d
JOIN collection c ON c.tenant_id = d.tenant_id AND c.id = d.collection_id
WHERE d.tenant_id = %(tenant)s AND d.parent_id IS NULL AND c.deleted_at IS NULL AND c.bound_to IS NULL
  AND (%(among)s::uuid[] IS NULL OR d.collection_id = ANY (%(among)s::uuid[]))
"""
_KEPT = """
SELECT c.id FROM collection c JOIN tenant t ON t.id = c.tenant_id
WHERE c.tenant_id = %(tenant)s AND c.bound_to IS NULL AND (c.label >= t.home_label OR EXISTS (
    SELECT FROM document d WHERE d.tenant_id = c.tenant_id AND d.collection_id = c.id AND d.label >= t.home_label))
"""


@dataclass(frozen=True, order=True)
class Mark:
    """`rank` counts from 0, the lowest; `stays_home` says that its text goes to no model outside the house."""

    rank: int
    name: str
    stays_home: bool = False

    def as_json(self) -> dict[str, Any]:
        return {"rank": self.rank, "name": self.name}


def marks(scope: Scope, documents: Iterable[uuid.UUID]) -> dict[uuid.UUID, Mark]:
    """Of those among them that this scope may read; empty where the tenant has no labels. In the caller's transaction."""
    wanted = list(documents)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_MARKS, {"tenant": scope.tenant, "wanted": wanted})
        return {one: Mark(*told) for one, *told in cursor.fetchall()}


def mark(scope: Scope, rows: Sequence[Document]) -> None:
    """Put to each what it carries, for a page or an answer that shows it."""
    with scope.transaction():
        found = marks(scope, [row.pk for row in rows])
    for row in rows:
        row.mark = found.get(row.pk)


def ranks(scope: Scope, collections: Iterable[uuid.UUID] | None) -> frozenset[int]:
    """The labels of all that this scope may read in these collections, in any where there are None."""
    with scope.transaction(), connection.cursor() as cursor:
        among = None if collections is None else list(collections)
        cursor.execute(_RANKS, {"tenant": scope.tenant, "among": among})
        return frozenset(rank for (rank,) in cursor.fetchall())


def kept_home(scope: Scope) -> set[uuid.UUID]:
    """The collections whose label, or a document's in them, keeps text in the house. For the tenant's own work."""
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute(_KEPT, {"tenant": scope.tenant})
        return {collection for (collection,) in cursor.fetchall()}


def highest(marks: Iterable[Mark | None]) -> Mark | None:
    """The one that what is made of all of them carries."""
    return max((one for one in marks if one is not None), default=None)
