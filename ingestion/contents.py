"""What a collection holds, a page at a time, and what is done to many of its documents at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count

from governance import access, pages
from governance.actions import Action
from governance.errors import InvalidInput
from governance.pages import Order, Page
from governance.scope import Scope
from governance.sentence import sentence
from ingestion import documents
from ingestion.models import FINAL, Document, Status

AT_ONCE = 500
COLUMNS = {"name": "name", "status": "latest__status", "size": "latest__size", "added": "latest__created_at"}


@dataclass(frozen=True)
class Wanted:
    """Which documents a list is to hold; what is not named does not matter."""

    words: str = ""
    status: Status | None = None


def found(scope: Scope, collection: uuid.UUID, wanted: Wanted, order: Order, number: int = 1) -> Page[Document]:
    """A page of documents, each with its `latest` and `current` version. Raises NotFound, Forbidden."""
    access.require(scope, Action.COLLECTION_READ, collection)
    rows = Document.objects.filter(collection=collection, collection__deleted_at=None)
    if wanted.words:
        rows = rows.filter(name__icontains=wanted.words)
    if wanted.status:
        rows = rows.filter(latest__status=wanted.status)
    with scope.transaction():
        return pages.cut(pages.ordered(rows.select_related("latest", "current"), order, COLUMNS), number)


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
        for document in due:
            documents.retry(scope, document)
    return len(due)


def delete(scope: Scope, collection: uuid.UUID, wanted: Iterable[uuid.UUID]) -> int:
    """Delete these of the collection, all of them or none. Raises NotFound, Forbidden, InvalidInput."""
    access.require(scope, Action.DOCUMENT_WRITE, collection)
    chosen = set(wanted)
    if not 1 <= len(chosen) <= AT_ONCE:
        raise InvalidInput(sentence("Choose 1 to %(most)s documents.", most=AT_ONCE))
    with scope.transaction():
        # What somebody else has deleted meanwhile is gone already.
        there = Document.objects.filter(collection=collection, pk__in=chosen).values_list("pk", flat=True)
        for document in sorted(there):
            documents.delete(scope, document)
        return len(there)
