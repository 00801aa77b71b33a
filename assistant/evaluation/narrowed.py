"""What a set says of documents that were kept from its reader later: a question that names one is not shown to them, nor what
came of it. Postgres says which documents those are (`chancery.hidden_documents`), as everywhere.

A set may know a document by a name that it had before. So where anything is kept from a reader, what names none of the documents
that they see is kept from them, too. What names a document that is erased stays for whoever could read it until then: each row
keeps that itself (`kept_for`), since nothing else is left to tell.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from assistant.evaluation.rows import Answered, Row
from assistant.models import SetAsked, SetQuestion
from governance.scope import Scope
from ingestion.documents import going, narrowing, restrictions
from ingestion.models import Document


@dataclass(frozen=True)
class Kept:
    """Documents by their names and by their ids, as a set may name them either way. `seen` is None where nothing is hidden;
    `reader` is None for the tenant's own work.
    """

    names: frozenset[str] = frozenset()
    seen: frozenset[str] | None = None
    reader: Scope | None = None

    def hides(self, documents: Iterable[str]) -> bool:
        return any(map(self._is_hidden, documents))

    def _is_hidden(self, one: str) -> bool:
        return one in self.names or (self.seen is not None and one not in self.seen)

    def shown(self, rows: Iterable[SetQuestion]) -> list[SetQuestion]:
        return [row for row in rows if self._may(row.kept_for) and not self.hides(row.documents)]

    def asked(self, rows: Iterable[SetAsked]) -> list[dict[str, Any]]:
        """The lines of the set as they were asked."""
        return [row.line for row in rows if self._may(row.kept_for) and not self.hides(row.line.get("documents", ()))]

    def came(self, rows: Iterable[SetAsked]) -> tuple[Row, ...]:
        """Without those that are about such a document or whose answer stands on one; of the others without its name."""
        found = [Row.from_json(row.told) for row in rows if row.told and self._may(row.kept_for)]
        if self.seen is None:
            return tuple(found)
        return tuple(self._without(row) for row in found if not self._is_of_hidden(row))

    def _is_of_hidden(self, row: Row) -> bool:
        answered = row.answered or Answered("")
        # By its id for certain: a name that policy cut may be another document's.
        return self.hides((*row.relevant, *answered.cited)) or not self.names.isdisjoint(answered.stands_on)

    def _without(self, row: Row) -> Row:
        left = {way: tuple(one for one in found if not self._is_hidden(one)) for way, found in row.ranked.items()}
        return replace(row, ranked=left)

    def _may(self, marks: Sequence[Mapping[str, Any]]) -> bool:
        return self.reader is None or all(_sees(self.reader, self._cleared, one) for one in marks)

    @functools.cached_property
    def _cleared(self) -> int:
        """Asked for once there is a mark. In the caller's transaction."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT chancery.clearance()")
            return int(cursor.fetchone()[0])


def of(scope: Scope, collection: uuid.UUID) -> Kept:
    """For who manages the collection, or the tenant's own work, from which nothing is kept. It shows within a transaction."""
    if scope.is_system:
        return Kept()
    hidden = restrictions.hidden_in(scope, collection)
    if not hidden:
        return Kept(reader=scope)
    with scope.transaction():
        seen = dict(Document.objects.filter(collection=collection).values_list("pk", "name"))
    return Kept(_known(hidden), _known(seen), scope)


def register() -> None:
    going.register("question sets", _keep)


def _keep(documents: Sequence[uuid.UUID]) -> None:
    """Whoever erases them need not see the set: Postgres does it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT chancery.leave_sets(%s)", [list(documents)])


def _sees(reader: Scope, cleared: int, mark: Mapping[str, Any]) -> bool:
    judged = narrowing.judge(narrowing.read(mark), reader.actor, frozenset(reader.groups), cleared)
    return judged is None or judged.seen


def _known(documents: Mapping[uuid.UUID, str]) -> frozenset[str]:
    return frozenset(documents.values()) | {str(one) for one in documents}
