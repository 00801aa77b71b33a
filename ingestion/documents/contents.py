"""What a collection holds, a page at a time, and what is done to many of its documents at once."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count

from governance import access, pages
from governance.actions import Action
from governance.errors import Conflict, InvalidInput, NotFound
from governance.pages import Order, Page, Part
from governance.scope import Scope
from governance.sentence import sentence
from ingestion import documents
from ingestion.documents import binned, removal
from ingestion.models import FINAL, Document, Status

AT_ONCE = 500
COLUMNS = {"name": "name", "status": "latest__status", "size": "latest__size", "added": "latest__created_at"}


@dataclass(frozen=True)
class Wanted:
    """Which documents a list is to hold; what is not named does not matter."""

    words: str = ""
    status: Status | None = None


def found(
    scope: Scope, collection: uuid.UUID, wanted: Wanted, order: Order, number: int = 1, size: int = pages.SIZE
) -> Page[Document]:
    """A page of documents, each with its `latest` and `current` version. Raises NotFound, Forbidden."""
    access.require(scope, Action.COLLECTION_READ, collection)
    rows = Document.objects.filter(collection=collection, collection__deleted_at=None)
    if wanted.words:
        rows = rows.filter(name__icontains=wanted.words)
    if wanted.status:
        rows = rows.filter(latest__status=wanted.status)
    with scope.transaction():
        shown = rows.select_related("latest", "current", "parent__latest")
        return pages.cut(pages.ordered(shown, order, COLUMNS), number, size)


def onward(scope: Scope, collection: uuid.UUID, start: str | int, most: int) -> tuple[Part[Document], int]:
    """By name, from a cursor on or from the row of that number on; and how many there are in all.

    Raises NotFound, Forbidden, and InvalidInput for a cursor that nobody gave out.
    """
    access.require(scope, Action.COLLECTION_READ, collection)
    rows = Document.objects.filter(collection=collection, collection__deleted_at=None)
    with scope.transaction():
        shown, total = rows.select_related("latest", "current", "parent__latest"), rows.count()
        if isinstance(start, int):
            start = min(start, max(0, total - 1) // most * most)  # a number past the end is the last page
            before = list(rows.order_by("name", "pk")[max(0, start - 1) : start])
            start = pages.sealed([before[0].name, str(before[0].pk)]) if start and before else ""
        return pages.onward(shown, ("name", "pk"), start, most), total


def counted(scope: Scope, collection: uuid.UUID) -> dict[Status, int]:
    """How many stand where, of those that were uploaded last. Raises NotFound, Forbidden."""
    access.require(scope, Action.COLLECTION_READ, collection)
    with scope.transaction():
        rows = Document.objects.filter(collection=collection, latest__isnull=False, collection__deleted_at=None)
        of = dict(rows.values_list("latest__status").annotate(number=Count("pk")))
    return {status: of[status] for status in Status if status in of}


def is_busy(counts: dict[Status, int]) -> bool:
    return any(status not in FINAL for status in counts)


def retry_failed(scope: Scope, collection: uuid.UUID) -> int:
    """Try again all that failed, AT_ONCE at most; how many those are. Raises NotFound, Forbidden."""
    access.require(scope, Action.DOCUMENT_WRITE, collection)
    with scope.transaction():
        failed = Document.objects.filter(collection=collection, latest__status=Status.FAILED).order_by("name")
        due = list(failed.values_list("pk", flat=True)[:AT_ONCE])
    tried = 0
    for document in due:
        with contextlib.suppress(NotFound, Conflict):  # gone, or tried again by somebody else, a moment ago
            documents.retry(scope, document)
            tried += 1
    return tried


def delete(scope: Scope, collection: uuid.UUID, wanted: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Delete these of the collection, all of them or none; which those are. Raises NotFound, Forbidden, InvalidInput."""
    access.require(scope, Action.DOCUMENT_WRITE, collection)
    chosen = _checked(wanted)
    with scope.transaction():
        # What somebody else has deleted meanwhile is gone already; from here on nobody else deletes these.
        there = Document.objects.select_for_update().filter(collection=collection, pk__in=chosen).order_by("pk")
        deleted = list(there.values_list("pk", flat=True))
        for document in deleted:
            if Document.objects.filter(pk=document).exists():  # or it went with the one it came in
                removal.delete(scope, document)
        return deleted


def restore(scope: Scope, collection: uuid.UUID, wanted: Iterable[uuid.UUID]) -> int:
    """Bring back these of the collection's bin; how many came. Raises NotFound, Forbidden, InvalidInput, Conflict."""
    access.require(scope, Action.DOCUMENT_WRITE, collection)
    there = binned.among(scope, collection, _checked(wanted))
    for document in there:
        binned.restore(scope, document)
    return len(there)


def _checked(wanted: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    chosen = set(wanted)
    if not 1 <= len(chosen) <= AT_ONCE:
        raise InvalidInput(sentence("Choose 1 to %(most)s documents.", most=AT_ONCE))
    return chosen
