"""Documents: listed, read, tried again. They come by `uploads` and go by `removal`; what they say is read
through ingestion.search alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.core.files.base import File
from django.db import transaction
from django.db.models import QuerySet

from governance import access, tenants
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, NotFound
from governance.scope import Scope
from governance.sentence import phrase, sentence
from ingestion.documents import files, labelled
from ingestion.models import FINAL, Classification, Document, Status, Version

KIND = "document"
PARTS_SHOWN = 1_000
GONE = phrase("There is no such document, or you may not see it.")


@dataclass(frozen=True)
class Room:
    """How many documents the tenant holds, in all its collections, of how many it may."""

    held: int
    limit: int


def listed(scope: Scope, collection: uuid.UUID) -> list[Document]:
    """By name, each with its `latest` and `current` version. Raises NotFound, Forbidden."""
    access.require(scope, Action.COLLECTION_READ, collection)
    with scope.transaction():
        return list(_readable(scope).filter(collection=collection).order_by("name", "created_at"))


def ids(scope: Scope, collection: uuid.UUID) -> list[uuid.UUID]:
    """Of all that it holds, by name. Raises NotFound, Forbidden."""
    access.require(scope, Action.COLLECTION_READ, collection)
    with scope.transaction():
        rows = _readable(scope).filter(collection=collection)
        return list(rows.order_by("name", "created_at").values_list("pk", flat=True))


def get(scope: Scope, document: uuid.UUID) -> Document:
    """With its versions and its collection. Raises NotFound."""
    with scope.transaction():
        found = _readable(scope).filter(pk=document).first()
    if found is None:
        raise access.unseen(Action.COLLECTION_READ, KIND, document, GONE)
    return found


def within(scope: Scope, document: uuid.UUID) -> list[Document]:
    """What came within it, by its path, each with its `latest` version; PARTS_SHOWN at most. Raises NotFound."""
    row = get(scope, document)
    with scope.transaction():
        return list(_readable(scope).filter(parent=row).order_by("path")[:PARTS_SHOWN])


def readable(scope: Scope, wanted: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those among `wanted` that are there and that this scope may read."""
    with scope.transaction():
        return set(_readable(scope).filter(pk__in=list(wanted)).values_list("pk", flat=True))


def restricted(scope: Scope, wanted: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those among `wanted` whose collection or label keeps them in the house, of what this scope may read."""
    wanted = list(wanted)
    with scope.transaction():
        rows = _readable(scope).filter(pk__in=wanted, collection__classification=Classification.RESTRICTED)
        kept = {one for one, mark in labelled.marks(scope, wanted).items() if mark.stays_home}
        return kept | set(rows.values_list("pk", flat=True))


def open_file(scope: Scope, document: uuid.UUID, number: int | None = None) -> tuple[File, str]:  # type: ignore[type-arg]
    """The bytes as uploaded, and the document's name; whoever takes them closes the file. It is recorded.

    They are those of what readers see, or of what was uploaded last where nothing is ready. An older upload, by `number`,
    is for those who may write; one that the policy keeps back for those who run the collection. Raises NotFound, Forbidden,
    and Conflict where the malware scanner found something in them.
    """
    row = get(scope, document)
    version = row.current or row.latest if number is None else _numbered(scope, row, number)
    if version is None:
        raise NotFound(GONE)
    if version.is_infected:
        raise Conflict("The malware scanner found something in this file: it is not handed out.")
    if version.status == Status.QUARANTINED:
        access.require(scope, Action.COLLECTION_MANAGE, row.collection_id)
    with scope.transaction():
        facts = {"version": version.pk, "collection": row.collection_id}
        events.record(scope, Event.DOCUMENT_READ, resource=(KIND, document), facts=facts, payload={"name": row.name})
    return files.open_stored(version.path), PurePosixPath(row.name).name


def retry(scope: Scope, document: uuid.UUID) -> Document:
    """Try again what failed, from the stage that failed. Raises NotFound, Forbidden, Conflict."""
    row = get(scope, document)
    access.require(scope, Action.DOCUMENT_WRITE, row.collection_id)
    with scope.transaction():
        version = locked_latest(row)
        if version is None or version.status not in FINAL or version.status == Status.READY:
            raise Conflict("There is nothing to try again: the document is ready, or on its way.")
        stage = version.resumes_at
        if stage == Version.READ:  # what stands of it is read anew, and the policy asked anew
            version.chunks = 0
        version.queue("tried again", resumes_at=stage)
        version.save()
        facts = {"collection": row.collection_id, "version": version.pk, "from": stage}
        events.record(scope, Event.DOCUMENT_RETRIED, resource=(KIND, document), facts=facts)
        ring()
    return get(scope, document)


def locked_latest(row: Document) -> Version | None:
    """What was uploaded last, for whoever changes how it stands; in the caller's transaction."""
    return Version.objects.select_for_update().filter(document=row).order_by("-number").first()


def room(scope: Scope) -> Room:
    """Only the numbers: whoever may upload is told them when the tenant is full, too."""
    limit = tenants.current(scope).documents_max
    with scope.as_system().transaction():  # a person counts only what they may read
        return Room(Document.objects.filter(collection__deleted_at=None).count(), limit)


def require_room(scope: Scope, more: int = 1) -> None:
    """For so many more documents. Raises Conflict."""
    there = room(scope)
    if there.held + more > there.limit:
        raise Conflict(
            sentence(
                "Your organisation holds %(held)s documents, and %(limit)s is its limit. Delete some first.",
                held=there.held,
                limit=there.limit,
            )
        )


def ring() -> None:
    """On commit, and never at the upload's cost: the sweep rings again for what no one heard."""

    def ring() -> None:
        from ingestion import tasks  # its tasks call the pipeline, which reads documents

        tasks.ring()

    transaction.on_commit(ring, robust=True)


def _readable(scope: Scope) -> QuerySet[Document]:
    may = access.access_filter(scope, Action.COLLECTION_READ, "collection")
    rows = Document.objects.filter(may, collection__deleted_at=None)
    return rows.select_related("latest", "current", "collection", "parent__latest")


def _numbered(scope: Scope, row: Document, number: int) -> Version | None:
    access.require(scope, Action.DOCUMENT_WRITE, row.collection_id)
    with scope.transaction():
        return Version.objects.filter(document=row, number=number).first()
