"""What a set says of documents that were kept from its reader later: a question that names one is not shown to them, nor what
came of it. Postgres says which documents those are (`chancery.hidden_documents`), as everywhere.

A set may know a document by a name that it had before. So where anything is kept from a reader, what names none of the documents
that they see is kept from them, too.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from assistant.evaluation.rows import Row
from assistant.models import SetQuestion
from governance.scope import Scope
from ingestion.documents import restrictions
from ingestion.models import Document


@dataclass(frozen=True)
class Kept:
    """Documents by their names and by their ids, as a set may name them either way. `seen` is None where nothing is hidden."""

    names: frozenset[str]
    seen: frozenset[str] | None = None

    def hides(self, documents: Iterable[str]) -> bool:
        return any(map(self._is_hidden, documents))

    def _is_hidden(self, one: str) -> bool:
        return one in self.names or (self.seen is not None and one not in self.seen)

    def shown(self, rows: Iterable[SetQuestion]) -> list[SetQuestion]:
        return [row for row in rows if not self.hides(row.documents)]

    def hides_line(self, line: Mapping[str, Any]) -> bool:
        return self.hides(str(one) for one in line.get("documents", ()))

    def came(self, rows: Iterable[Row]) -> tuple[Row, ...]:
        """Without those that are about such a document or whose answer stands on one; of the others without its name."""
        if self.seen is None:
            return tuple(rows)
        return tuple(self._without(row) for row in rows if not self.hides((*row.relevant, *_cited(row))))

    def _without(self, row: Row) -> Row:
        left = {way: tuple(one for one in found if not self._is_hidden(one)) for way, found in row.ranked.items()}
        return replace(row, ranked=left)


def _cited(row: Row) -> tuple[str, ...]:
    return row.answered.cited if row.answered else ()


def of(scope: Scope, collection: uuid.UUID) -> Kept:
    """For who manages the collection, or the tenant's own work, from which nothing is kept."""
    if scope.is_system:
        return Kept(frozenset())
    hidden = restrictions.hidden_in(scope, collection)
    if not hidden:
        return Kept(frozenset())
    with scope.transaction():
        seen = dict(Document.objects.filter(collection=collection).values_list("pk", "name"))
    return Kept(_known(hidden), _known(seen))


def _known(documents: Mapping[uuid.UUID, str]) -> frozenset[str]:
    return frozenset(documents.values()) | {str(one) for one in documents}
