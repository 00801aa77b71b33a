"""Documents: uploaded, listed, read, deleted. What they say is read through ingestion.search alone."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, Any

from django.core.files.base import File
from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from psycopg.errors import InsufficientPrivilege

from governance import access, tenants
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import ChanceryError, Conflict, NotFound, Unsupported
from governance.scope import Scope
from governance.sentence import phrase, sentence
from ingestion import catalog, files, leases, media_types
from ingestion.models import FINAL, Classification, Discarded, Document, Status, Version

KIND = "document"
_GONE = phrase("There is no such document, or you may not see it.")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Room:
    """How many documents the tenant holds, in all its collections, of how many it may."""

    held: int
    limit: int


def upload(scope: Scope, collection: uuid.UUID, name: str, file: IO[Any]) -> Document:
    """A document, or a new version of the one of that name; the same bytes again change nothing.

    Raises NotFound, Forbidden, Conflict (the tenant is full), InvalidInput, TooLarge, Unsupported. A file that is
    refused for what it is stands in the record; one that is not taken leaves nothing in storage.
    """
    access.require(scope, Action.DOCUMENT_WRITE, collection)
    catalog.get(scope, collection)
    _require_room(scope)
    name = media_types.clean_name(name)
    try:
        stored = files.store(scope.tenant, file)
    except ChanceryError as refusal:
        _refuse(scope, collection, name, refusal)
        raise
    try:
        media_type = _media_type(stored, name)
        with scope.transaction():
            document, is_new = _shelve(scope, collection, name, stored, media_type)
    except BaseException as fault:
        files.remove(stored.path)
        if isinstance(fault, Unsupported):
            _refuse(scope, collection, name, fault)
        if isinstance(fault.__cause__, InsufficientPrivilege):
            # Taken away, or deleted, while the file came in: Postgres saw it first, and the caller is told as ever.
            access.require(scope, Action.DOCUMENT_WRITE, collection)
        raise
    if not is_new:
        files.remove(stored.path)
    return document


def listed(scope: Scope, collection: uuid.UUID) -> list[Document]:
    """By name, each with its `latest` and `current` version. Raises NotFound, Forbidden."""
    access.require(scope, Action.COLLECTION_READ, collection)
    with scope.transaction():
        return list(_readable(scope).filter(collection=collection).order_by("name", "created_at"))


def get(scope: Scope, document: uuid.UUID) -> Document:
    """With its versions and its collection. Raises NotFound."""
    with scope.transaction():
        found = _readable(scope).filter(pk=document).first()
    if found is None:
        raise access.unseen(Action.COLLECTION_READ, KIND, document, _GONE)
    return found


def readable(scope: Scope, wanted: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those among `wanted` that are there and that this scope may read."""
    with scope.transaction():
        return set(_readable(scope).filter(pk__in=list(wanted)).values_list("pk", flat=True))


def restricted(scope: Scope, wanted: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those among `wanted` whose collection is restricted, of what this scope may read."""
    with scope.transaction():
        rows = _readable(scope).filter(pk__in=list(wanted), collection__classification=Classification.RESTRICTED)
        return set(rows.values_list("pk", flat=True))


def open_file(scope: Scope, document: uuid.UUID) -> tuple[File, str]:  # type: ignore[type-arg]
    """The bytes as uploaded, and the document's name; whoever takes them closes the file. It is recorded.

    They are those of what readers see, or of what was uploaded last where nothing is ready. Raises NotFound.
    """
    row = get(scope, document)
    version = row.current or row.latest
    if version is None:
        raise NotFound(_GONE)
    with scope.transaction():
        facts = {"version": version.pk, "collection": row.collection_id}
        events.record(scope, Event.DOCUMENT_READ, resource=(KIND, document), facts=facts, payload={"name": row.name})
    return files.open_stored(version.path), row.name


def delete(scope: Scope, document: uuid.UUID) -> None:
    """Row, chunks, vectors and postings go in one transaction; the files after its commit."""
    row = get(scope, document)
    access.require(scope, Action.DOCUMENT_WRITE, row.collection_id)
    with scope.transaction():
        if not Document.objects.select_for_update().filter(pk=document).exists():
            raise NotFound(_GONE)  # by another request, a moment ago
        erase(scope, row)
        events.record(
            scope,
            Event.DOCUMENT_DELETED,
            resource=(KIND, document),
            facts={"collection": row.collection_id},
            payload={"name": row.name},
        )


def erase(scope: Scope, row: Document) -> None:
    """Take the document out, in the caller's transaction. Its versions, chunks, vectors and postings cascade."""
    paths = list(Version.objects.select_for_update().filter(document=row).values_list("path", flat=True))
    discarded = Discarded.objects.bulk_create(Discarded(tenant_id=scope.tenant, path=path) for path in paths)
    Document.objects.filter(pk=row.pk).delete()
    transaction.on_commit(lambda: clear(scope.as_system(), [one.pk for one in discarded]), robust=True)


def clear(system: Scope, discarded: list[uuid.UUID] | None = None) -> int:
    """Remove discarded files, all or these. A file that cannot be removed now stays on the list for the next purge."""
    with system.transaction():
        rows = Discarded.objects.all() if discarded is None else Discarded.objects.filter(pk__in=discarded)
        due = list(rows.values_list("pk", "path"))
    removed = []
    for key, path in due:
        try:
            files.remove(path)
            removed.append(key)
        except OSError:
            log.warning("a discarded file cannot be removed yet", exc_info=True)
    with system.transaction():
        Discarded.objects.filter(pk__in=removed).delete()
    return len(removed)


def retry(scope: Scope, document: uuid.UUID) -> Document:
    """Try again what failed. Raises NotFound, Forbidden, Conflict."""
    row = get(scope, document)
    access.require(scope, Action.DOCUMENT_WRITE, row.collection_id)
    with scope.transaction():
        version = Version.objects.select_for_update().filter(document=row).order_by("-number").first()
        if version is None or version.status not in FINAL or version.status == Status.READY:
            raise Conflict("There is nothing to try again: the document is ready, or on its way.")
        version.status, version.stage, version.attempts = Status.QUEUED, "", 0
        version.error_code = version.error = version.remedy = ""
        version.lease = version.lease_until = None
        version.mark("queued", "tried again")
        version.save()
        facts = {"collection": row.collection_id, "version": version.pk}
        events.record(scope, Event.DOCUMENT_RETRIED, resource=(KIND, document), facts=facts)
        _ring(version)
    return get(scope, document)


def room(scope: Scope) -> Room:
    """Only the numbers: whoever may upload is told them when the tenant is full, too."""
    limit = tenants.current(scope).documents_max
    with scope.as_system().transaction():  # a person counts only what they may read
        return Room(Document.objects.count(), limit)


def _readable(scope: Scope) -> QuerySet[Document]:
    may = access.access_filter(scope, Action.COLLECTION_READ, "collection")
    return Document.objects.filter(may, collection__deleted_at=None).select_related("latest", "current", "collection")


def _require_room(scope: Scope) -> None:
    there = room(scope)
    if there.held >= there.limit:
        raise Conflict(
            sentence(
                "Your organisation holds %(held)s documents, and %(limit)s is its limit. Delete some first.",
                held=there.held,
                limit=there.limit,
            )
        )


def _media_type(stored: files.Stored, name: str) -> str:
    with files.on_disk(stored.path) as path:
        return media_types.detect(path, name)


def _shelve(
    scope: Scope, collection: uuid.UUID, name: str, stored: files.Stored, media_type: str
) -> tuple[Document, bool]:
    # Two uploads of one name must not both be the first, and there is no row yet that one could lock.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{collection}/{name}"])
    document = Document.objects.select_related("latest").filter(collection=collection, name=name).first()
    if document is None:
        document = Document(tenant_id=scope.tenant, collection_id=collection, name=name, created_by=scope.actor)
        document.save(force_insert=True)
    elif _is_same(document.latest, stored):
        return document, False
    number = document.versions.aggregate(last=Max("number"))["last"] or 0
    version = Version(
        tenant_id=scope.tenant,
        collection_id=collection,
        document=document,
        number=number + 1,
        media_type=media_type,
        size=stored.size,
        sha256=stored.sha256,
        path=stored.path,
        uploaded_by=scope.actor,
        lease_until=timezone.now() + leases.RUNG_AGAIN_AFTER,
    )
    version.mark("queued")
    version.save(force_insert=True)
    document.latest = version
    document.save(update_fields=["latest"])
    events.record(
        scope,
        Event.DOCUMENT_UPLOADED,
        resource=(KIND, document.pk),
        facts={
            "collection": collection,
            "version": version.pk,
            "number": version.number,
            "size": stored.size,
            "sha256": stored.sha256,
            "media_type": media_type,
        },
        payload={"name": name},
    )
    _ring(version)
    return document, True


def _is_same(latest: Version | None, stored: files.Stored) -> bool:
    return latest is not None and latest.sha256 == stored.sha256 and latest.size == stored.size


def _refuse(scope: Scope, collection: uuid.UUID, name: str, refusal: ChanceryError) -> None:
    facts = {"code": refusal.code}
    with scope.transaction():
        events.record(
            scope, Event.DOCUMENT_REFUSED, resource=("collection", collection), facts=facts, payload={"name": name}
        )


def _ring(version: Version) -> None:
    """On commit, and never at the upload's cost: the sweep rings again for what no one heard."""
    tenant, key = version.tenant_id, version.pk

    def ring() -> None:
        from ingestion import tasks  # its tasks call the pipeline, which reads documents

        tasks.ring(tenant, key)

    transaction.on_commit(ring, robust=True)
