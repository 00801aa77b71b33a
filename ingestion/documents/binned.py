"""The bin: a deleted document is out of everybody's sight at once, and can be restored until its time is over.

Postgres hides what is in it, from people and from background work alike: a transaction sees it only between the doors of
`opened`, and then what the other policies let it see.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone

from governance import access, pages, tenants
from governance.actions import Action
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput
from governance.pages import Page, Part
from governance.scope import Scope
from governance.sentence import phrase, sentence
from ingestion import documents
from ingestion.documents import uploads
from ingestion.models import FINAL, Document, Status, Version

DAYS_MOST = 3650
STOPPED = "deleted"  # the code of an ingest that the bin stopped: it goes on when the document is restored
_STOPPED = phrase("The document was deleted before it was ready.")
_GONE = phrase("There is no such document in the bin, or you may not see it.")


@contextmanager
def opened(scope: Scope) -> Iterator[None]:
    """A transaction that sees the bin as well. It must tell apart by itself what is in it."""
    with scope.transaction():
        _set("open")
        yield
        _set("")  # a transaction that failed takes its settings back by itself


def put(scope: Scope, row: Document, facts: dict[str, object]) -> None:
    """In the caller's transaction, which has opened the bin and locked the row; `facts` go on the record. What is on its way
    stops.

    What came within it goes along, at the same moment: by that it is known which of it comes back with it.
    """
    from ingestion.documents import removal  # which puts into the bin

    rows = [row, *(part for level in removal.within(row) for part in level if part.deleted_at is None)]
    keys = [one.pk for one in rows]
    Document.objects.filter(pk__in=keys).update(deleted_at=timezone.now(), deleted_by=scope.actor)
    for version in Version.objects.select_for_update().filter(document__in=keys).exclude(status__in=FINAL):
        version.end(Status.FAILED)
        version.error_code, version.error = STOPPED, _STOPPED
        version.mark("failed", _STOPPED)
        version.save()
    for one in rows:
        removal.recorded(scope, one, taken_by="" if one is row else "document", facts=facts)


def found(scope: Scope, collection: uuid.UUID, number: int = 1) -> Page[Document]:
    """What lies in the collection's bin, the last deleted first, with its `latest` version; not what went with another one.

    Raises NotFound, Forbidden.
    """
    access.require(scope, Action.DOCUMENT_WRITE, collection)
    with opened(scope):
        rows = _alone(scope, collection)
        return pages.cut(rows.select_related("latest").order_by("-deleted_at", "pk"), number)


def onward(scope: Scope, collection: uuid.UUID, cursor: str, most: int) -> tuple[Part[Document], int]:
    """As `found`, from where the cursor ended; and how many there are in all. Raises NotFound, Forbidden, InvalidInput."""
    access.require(scope, Action.DOCUMENT_WRITE, collection)
    with opened(scope):
        rows = _alone(scope, collection)
        return pages.onward(rows.select_related("latest"), ("-deleted_at", "pk"), cursor, most), rows.count()


def _alone(scope: Scope, collection: uuid.UUID) -> QuerySet[Document]:
    return _binned(scope).filter(collection=collection).exclude(parent__deleted_at=F("deleted_at"))


def among(scope: Scope, collection: uuid.UUID, wanted: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Those of the collection's bin that can be restored by themselves. Raises NotFound, Forbidden."""
    access.require(scope, Action.DOCUMENT_WRITE, collection)
    with opened(scope):
        return sorted(_alone(scope, collection).filter(pk__in=list(wanted)).values_list("pk", flat=True))


def until(row: Document, days: int) -> datetime | None:
    """When it goes for good."""
    return row.deleted_at + timedelta(days=days) if row.deleted_at else None


def restore(scope: Scope, document: uuid.UUID) -> Document:
    """Back in its place as it was, with what went along; an ingest that the bin stopped goes on.

    Raises NotFound, Forbidden, Conflict.
    """
    from ingestion.documents import removal  # which puts into the bin

    with opened(scope):
        row = get(scope, document)
        amount = len(_with_it(row))
    access.require(scope, Action.DOCUMENT_WRITE, row.collection_id)
    documents.require_room(scope, amount)
    with opened(scope):
        row = get(scope, document, is_locked=True)
        _require_place(row)
        rows = _with_it(row)
        keys = [one.pk for one in rows]
        Document.objects.filter(pk__in=keys).update(deleted_at=None, deleted_by=None)
        _go_on(keys)
        for one in rows:
            removal.recorded(scope, one, Event.DOCUMENT_RESTORED, taken_by="" if one is row else "document")
    return documents.get(scope, document)


def due(system: Scope, amount: int) -> list[uuid.UUID]:
    """Those whose time is over, in the caller's transaction, which has opened the bin."""
    over = timezone.now() - timedelta(days=tenants.current(system).bin_days)
    rows = Document.objects.filter(deleted_at__lte=over).order_by("deleted_at")
    return list(rows.values_list("pk", flat=True)[:amount])


def keep_for(scope: Scope, days: int) -> None:
    """How many days a deleted document can be restored from now on, those in the bin too; 0 erases at once.

    Raises Forbidden, InvalidInput.
    """
    access.require(scope, Action.RETENTION_SET)
    if not 0 <= days <= DAYS_MOST:
        raise InvalidInput(sentence("Give 0 to %(most)s days.", most=DAYS_MOST))
    tenants.write(scope, {"bin_days": days})


def _binned(scope: Scope) -> QuerySet[Document]:
    may = access.access_filter(scope, Action.COLLECTION_READ, "collection")
    return Document.objects.filter(may, deleted_at__isnull=False, collection__deleted_at=None)


def get(scope: Scope, document: uuid.UUID, *, is_locked: bool = False) -> Document:
    """From an open bin, as far as the caller may read its collection. Raises NotFound."""
    rows = _binned(scope).filter(pk=document)
    row = (rows.select_for_update(of=("self",)) if is_locked else rows).first()
    if row is None:
        raise access.unseen(Action.COLLECTION_READ, documents.KIND, document, _GONE)
    return row


def _with_it(row: Document) -> list[Document]:
    """It, and what went into the bin along with it; in an open bin."""
    from ingestion.documents import removal  # which puts into the bin

    return [row, *(part for level in removal.within(row) for part in level if part.deleted_at == row.deleted_at)]


def _require_place(row: Document) -> None:
    """Raises Conflict."""
    if row.parent is not None and row.parent.deleted_at is not None:
        raise Conflict(sentence("It came in “%(name)s”, which is deleted. Restore that first.", name=row.parent.name))
    place = uploads.Place.of(row)
    place.lock()
    if place.rows.filter(deleted_at=None).exists():
        raise Conflict(
            sentence("There is a document named “%(name)s” in its place now. Delete that one first.", name=row.name)
        )


def _go_on(keys: list[uuid.UUID]) -> None:
    stopped = list(Version.objects.select_for_update().filter(document__in=keys, error_code=STOPPED))
    for version in stopped:
        version.queue("restored")
        version.save()
    if stopped:
        documents.ring()


def _set(state: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('chancery.bin', %s, true)", [state])
