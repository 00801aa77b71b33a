"""A deleted collection is erased for good, and a certificate says so.

First what there is of it is counted; then its documents go, so many at a time, its sources with their credentials, and its
files; at last its rights and itself. The certificate is written in the transaction that finds nothing of it left in any store,
together with its event on the record. A worker that dies in between is followed by another, which goes on: nothing is counted
twice, and there is no certificate before all of it is gone.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import asdict, dataclass
from typing import Any

from django.utils import timezone

from governance import grants, tenants
from governance.audit import events
from governance.audit.lifecycle import erasing as people
from governance.audit.vocabulary import Event
from governance.scope import Scope
from governance.sentence import phrase
from ingestion.catalog import KIND
from ingestion.documents import binned, purging, removal
from ingestion.leaving import counting, deleted, kept
from ingestion.models import FINAL, Collection, Deletion, Discarded, Document, Source, Status, Version
from ingestion.sources import ending

log = logging.getLogger(__name__)

VERSION = 1
AT_ONCE = 200  # documents in one turn
# What a certificate says of what stays; each is said in the reader's language where it is shown.
STAYS = (
    phrase("The events of the record, and the names in them for as long as their period says."),
    phrase("Answers that were given from it, with the passages they quote: they are the askers' conversations."),
    phrase("This certificate, with the collection's name."),
    phrase("Backups made before, until their own end."),
    phrase("What was taken away before: exports, downloads and copies outside of this installation."),
)


class LeftOverError(Exception):
    """Something of the collection is there still, although all of it was erased: there is no certificate yet."""


@dataclass(frozen=True)
class Turn:
    """How many documents it erased, and whether nothing is left."""

    documents: int
    is_over: bool


def purge() -> int:
    """A turn with each that is to go, in each tenant that has any. Returns how many documents were erased."""
    return purging.everywhere(go_on, purging.due())


def turn(system: Scope, collection: uuid.UUID) -> Turn:
    """Go on with one that is to be erased."""
    row = _begun(system, collection)
    if row is None:
        return Turn(0, is_over=True)
    amount = _documents(system, collection)
    return Turn(amount, is_over=amount < AT_ONCE and _finished(system, row))


def go_on(system: Scope) -> int:
    """A turn with each of one tenant; how many documents were erased."""
    for collection in deleted.due(system):
        deleted.end(system, collection)
    with system.transaction():
        going = list(Collection.objects.filter(purged_at__isnull=False).values_list("pk", flat=True))
    return sum(turn(system, collection).documents for collection in going)


def _begun(system: Scope, collection: uuid.UUID) -> Deletion | None:
    """What was counted before; the first time everything that is on its way stops, so that nothing comes after the count."""
    with binned.opened(system):
        now = timezone.now()
        there = Collection.objects.select_for_update(no_key=True).filter(pk=collection, purged_at__isnull=False).first()
        if there is None:
            return None  # somebody else was faster
        begun = Deletion.objects.filter(collection=collection).first()
        if begun is not None:
            return begun
        for version in Version.objects.select_for_update().filter(collection=collection).exclude(status__in=FINAL):
            version.end(Status.FAILED)
            version.save(update_fields=["status", "lease", "lease_until", "ended_at"])
        Source.objects.filter(collection=collection).update(lease=None, lease_until=None, run=None)
        return Deletion.objects.create(
            tenant_id=system.tenant,
            collection=collection,
            name=there.name,
            deleted_at=there.deleted_at or now,
            deleted_by=there.deleted_by,
            purged_at=there.purged_at or now,
            purged_by=there.purged_by,
            before=counting.stores(system, collection),
            contents=counting.contents(system, collection),
        )


def _documents(system: Scope, collection: uuid.UUID) -> int:
    """Erase the next; returns how many."""
    with binned.opened(system):
        rows = Document.objects.filter(collection=collection).order_by("created_at")
        due = list(rows.values_list("pk", flat=True)[:AT_ONCE])
    for document in due:
        with binned.opened(system):
            row = Document.objects.select_for_update(of=("self",)).filter(pk=document).first()
            if row is not None:  # it may have gone with the one that it came in
                removal.erase(system, [row])
                removal.recorded(system, row, taken_by="collection")
    return len(due)


def _finished(system: Scope, row: Deletion) -> bool:
    """Whether nothing is left, which is then certified."""
    with system.transaction():
        for source in Source.objects.filter(collection=row.collection):
            ending.forget(system, source, documents="with the collection")
    removal.clear(system)
    try:
        with binned.opened(system):
            _certify(system, row.pk)
    except LeftOverError as fault:
        log.warning("collection %s is not erased yet: %s", row.collection, fault)
        return False
    return True


def _certify(system: Scope, deletion: uuid.UUID) -> None:
    row = Deletion.objects.select_for_update().get(pk=deletion)
    if row.erased_at is not None:
        return
    _require_empty(row.collection)
    for rows in kept.registered().values():
        rows(row.collection).delete()
    Collection.objects.filter(pk=row.collection).delete()
    grants.forget(system, row.collection)
    after = counting.stores(system, row.collection)
    if any(after.values()):
        raise LeftOverError(after)
    row.erased_at = timezone.now()
    left = asdict(purging.verify_index(system))
    row.certificate = _certificate(system, row, after, left)
    facts = {
        "deletion": row.pk,
        "certificate": people.digest(row.certificate),
        "documents": row.before["documents"],
        "left": left,
    }
    row.event = events.record(
        system, Event.COLLECTION_ERASED, resource=(KIND, row.collection), facts=facts, payload={"name": row.name}
    )
    row.save()


def _require_empty(collection: uuid.UUID) -> None:
    """Raises LeftOverError: a file that cannot be removed now is tried again with the next purge."""
    files = Discarded.objects.filter(collection=collection).count()
    documents = Document.objects.filter(collection=collection).count()
    if files or documents:
        raise LeftOverError(f"{documents} documents, {files} files")


def _certificate(system: Scope, row: Deletion, after: dict[str, int], left: dict[str, int]) -> dict[str, Any]:
    tenant = tenants.current(system)
    return {
        "version": VERSION,
        "id": str(row.pk),
        "tenant": {"id": str(tenant.pk), "name": tenant.name},
        "collection": {"id": str(row.collection), "name": row.name},
        "deleted_at": row.deleted_at.isoformat(),
        "deleted_by": str(row.deleted_by) if row.deleted_by else None,
        "purged_at": row.purged_at.isoformat(),
        "purged_by": str(row.purged_by) if row.purged_by else None,
        "counted_at": row.created_at.isoformat() if row.created_at else None,
        "erased_at": row.erased_at.isoformat() if row.erased_at else None,
        "contents": row.contents,
        "stores": [
            {"store": name, "before": row.before.get(name, 0), "after": after.get(name, 0)}
            for name in dict.fromkeys([*after, *row.before])
        ],
        "verify_index": left,
        "record": people.head(),
        "stays": list(STAYS),
    }
