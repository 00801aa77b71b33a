"""How a file becomes a document, or a new version of one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import IO, Any

from django.db import connection
from django.db.models import Max, QuerySet
from django.utils import timezone
from psycopg.errors import InsufficientPrivilege

from governance import access, labels
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import ChanceryError, Forbidden, Unsupported
from governance.scope import Scope
from ingestion import catalog, documents, media_types
from ingestion.documents import document_names, files
from ingestion.models import Authority, Document, Version


@dataclass(frozen=True)
class Origin:
    """Where a file comes from that no person uploads: what it is a new version of, if anything, whatever that is called.

    `folder` tells it from others of its name; `facts` say on the record where it is from; `taken` is called with the document
    in the transaction that keeps it.
    """

    taken: Callable[[Document], None]
    document: uuid.UUID | None = None
    folder: str = ""
    facts: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where a document stands: under its name in a collection; under `path` in another one, of which `within` is the upload
    that it came in; or where its `origin` knows it.
    """

    collection: uuid.UUID
    name: str
    within: Version | None = None
    path: str = ""
    origin: Origin | None = None
    authority: str = Authority.ORDINARY  # of what is new there

    @property
    def key(self) -> str:
        return f"{self.within.document_id}/{self.path}" if self.within else f"{self.collection}/{self.name}"

    @classmethod
    def of(cls, row: Document) -> Place:
        """Where it stands already."""
        return cls(row.collection_id, row.name, row.named_by if row.parent_id else None, row.path)

    def lock(self) -> None:
        """Two documents of one place must not both be the first, and there is no row yet that one could lock."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [self.key])

    @property
    def rows(self) -> QuerySet[Document]:
        if self.origin:
            known = [self.origin.document] if self.origin.document else []
            return Document.objects.filter(collection=self.collection, pk__in=known)
        if self.within:
            return Document.objects.filter(parent=self.within.document_id, path=self.path)
        return Document.objects.filter(collection=self.collection, name=self.name, parent=None)


@dataclass(frozen=True)
class Came:
    """When its first byte was there; where an older version is brought back, its number, and from when its text counts."""

    at: datetime
    again: int | None = None
    dated: datetime | None = None


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"  # a new version of what was there
    UNCHANGED = "unchanged"  # the same bytes as last time


@dataclass(frozen=True)
class Taken:
    document: Document
    outcome: Outcome


def upload(scope: Scope, collection: uuid.UUID, name: str, file: IO[Any], origin: Origin | None = None) -> Document:
    return take(scope, collection, name, file, origin=origin).document


def take(
    scope: Scope,
    collection: uuid.UUID,
    name: str,
    file: IO[Any],
    *,
    in_folder: bool = False,
    origin: Origin | None = None,
) -> Taken:
    """A document, or a new version of the one of that name; the same bytes again change nothing.

    `in_folder` keeps the folders in the name. Raises NotFound, Forbidden, Conflict (the tenant is full), InvalidInput,
    TooLarge, Unsupported. A file that is refused for what it is stands in the record; one that is not taken leaves nothing
    in storage.
    """
    access.require(scope, Action.DOCUMENT_WRITE, collection)
    _require_cleared(scope, catalog.get(scope, collection).label)
    documents.require_room(scope)
    cleaned = media_types.clean_path(name) if in_folder else media_types.clean_name(name)
    return _taken(scope, Place(collection, cleaned, origin=origin), file)


def _require_cleared(scope: Scope, rank: int) -> None:
    """Or they would bring what is gone from their sight before its first version stands. Raises Forbidden."""
    cleared = labels.clearance(scope)
    if cleared is not None and rank > cleared:
        raise Forbidden("You are not cleared for this label.")


def again(scope: Scope, row: Document, version: Version) -> Taken:
    """The bytes of an older version of the document once more, as its newest. What `take` raises."""
    access.require(scope, Action.DOCUMENT_WRITE, row.collection_id)
    with files.open_stored(version.path) as file:
        return _taken(scope, Place.of(row), file, version)


def _taken(scope: Scope, place: Place, file: IO[Any], older: Version | None = None) -> Taken:
    collection, came = place.collection, Came(timezone.now())
    if older is not None:
        came = Came(came.at, older.number, older.dated or older.created_at)
    try:
        stored = files.store(scope.tenant, file)
    except ChanceryError as refusal:
        refuse(scope, collection, place.name, refusal)
        raise
    try:
        media_type = _media_type(stored, place.name)
        with scope.transaction():
            document, is_new = shelve(scope, place, stored, media_type, came)
    except BaseException as fault:
        files.remove(stored.path)
        if isinstance(fault, Unsupported):
            refuse(scope, collection, place.name, fault)
        if isinstance(fault.__cause__, InsufficientPrivilege):
            # Taken away, or deleted, while the file came in: Postgres saw it first, and the caller is told as ever.
            access.require(scope, Action.DOCUMENT_WRITE, collection)
        raise
    if not is_new:
        files.remove(stored.path)
        return Taken(document, Outcome.UNCHANGED)
    is_first = document.latest is not None and document.latest.number == 1
    return Taken(document, Outcome.NEW if is_first else Outcome.CHANGED)


def _media_type(stored: files.Stored, name: str) -> str:
    with files.on_disk(stored.path) as path:
        return media_types.detect(path, name)


def shelve(
    scope: Scope, place: Place, stored: files.Stored, media_type: str, came: Came | None = None
) -> tuple[Document, bool]:
    """The document, and whether these bytes are new to it; in the caller's transaction."""
    place.lock()
    within = place.within
    owner = scope.actor if within is None else within.uploaded_by
    document, origin = place.rows.select_related("latest").first(), place.origin
    if document is None:
        name = document_names.free(place.collection, place.name, origin.folder) if origin else place.name
        document = Document(tenant_id=scope.tenant, collection_id=place.collection, name=name, created_by=owner)
        document.authority = place.authority
        document.parent_id, document.path = (within.document_id, place.path) if within else (None, "")
        document.save(force_insert=True)
    elif _is_same(document.latest, stored):
        if origin:
            origin.taken(document)
        return document, False
    version = _version(document, place, stored, media_type, came or Came(stored.at))
    version.uploaded_by = owner if scope.actor is None else scope.actor
    version.save(force_insert=True)
    document.latest, document.named_by = version, within
    document.save(update_fields=["latest", "named_by"])
    facts = {
        "collection": place.collection,
        "version": version.pk,
        "number": version.number,
        "size": stored.size,
        "sha256": stored.sha256,
        "media_type": media_type,
        **({"parent": within.document_id} if within else {}),
        **({"again": came.again} if came and came.again else {}),
        **(origin.facts if origin else {}),
    }
    payload = {"name": document.name}
    events.record(scope, Event.DOCUMENT_UPLOADED, resource=(documents.KIND, document.pk), facts=facts, payload=payload)
    if origin:
        origin.taken(document)
    documents.ring()
    return document, True


def _version(document: Document, place: Place, stored: files.Stored, media_type: str, came: Came) -> Version:
    number = document.versions.aggregate(last=Max("number"))["last"] or 0
    version = Version(
        tenant_id=document.tenant_id,
        collection_id=document.collection_id,
        document=document,
        number=number + 1,
        media_type=media_type,
        size=stored.size,
        sha256=stored.sha256,
        path=stored.path,
        dated=came.dated,
        is_bulk=place.origin is not None,
    )
    version.mark("received", at=came.at.isoformat(), size=stored.size, again=came.again)
    version.mark("hashed", at=stored.at.isoformat(), sha256=stored.sha256)
    version.queue()
    return version


def _is_same(latest: Version | None, stored: files.Stored) -> bool:
    return latest is not None and latest.sha256 == stored.sha256 and latest.size == stored.size


def refuse(
    scope: Scope, collection: uuid.UUID, name: str, refusal: ChanceryError, *, parent: uuid.UUID | None = None
) -> None:
    """Put on the record that a file was not taken; `parent` is the document that it came in."""
    facts = {"code": refusal.code, **({"parent": parent} if parent else {})}
    with scope.transaction():
        events.record(
            scope, Event.DOCUMENT_REFUSED, resource=("collection", collection), facts=facts, payload={"name": name}
        )
