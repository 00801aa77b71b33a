"""How a collection's documents are cut into passages, and how much around a passage a model is given: settings of a collection.

What is cut stays so until its document is read again, from the file as it was uploaded. So each version remembers how it was
cut, and what was cut otherwise than its collection says now can be counted and read again, in the background, one version
replacing another as an upload does.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from governance import access, tenants
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput, NotFound
from governance.scope import Scope
from governance.sentence import phrase, sentence
from ingestion import catalog, documents
from ingestion.documents import files
from ingestion.models import Collection, Document, Version

SIZE_LEAST, SIZE_MOST = 40, 240  # tokens; the window of the smallest embedder leaves room for a heading
AROUND_MOST = 3
AT_ONCE = 50  # documents that are put into the line in one transaction
_WRONG = phrase("A passage has %(least)s to %(most)s tokens, and its longest is not shorter than what is aimed at.")
_WRONG_AROUND = phrase("At most %(most)s passages on each side can be given along.")
_NOTHING = phrase("Every document here is cut by these settings already, or on its way.")
AGAIN = phrase("read again, to be cut by its collection's settings")


@dataclass(frozen=True)
class Cutting:
    """`size` is what a passage aims at and `most` what it may have, in tokens. `has_title` and `has_path` put the document's
    title and the headings above it before what is embedded; `joins_tiny` puts tiny neighbours into one passage, and
    `repeats_header` a table's header rows over each of its parts. `around` is how many passages on each side, of the same
    section, a model is given with one that was found.
    """

    size: int = 180
    most: int = 230
    has_title: bool = True
    has_path: bool = True
    joins_tiny: bool = True
    repeats_header: bool = True
    around: int = 0

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Cutting:
        """As a row holds it: what is not said is as it is by default."""
        return cls(**{name: value for name, value in kept.items() if name in cls.__dataclass_fields__})

    def within(self, window: int) -> dict[str, Any]:
        """What `chunking.chunk` is told, for embedders that read so many tokens."""
        most = min(self.most, window)
        told = asdict(self) | {"most": most, "size": min(self.size, most)}
        del told["around"]
        return told

    @property
    def key(self) -> str:
        """The same for whatever cuts in the same way. `around` is asked for when somebody asks."""
        marks = (self.has_title, self.has_path, self.joins_tiny, self.repeats_header)
        return f"{self.size}/{self.most}/{''.join('01'[mark] for mark in marks)}"


@dataclass(frozen=True)
class Standing:
    """How many documents readers see, how many of them are cut otherwise, and whether those are being read again."""

    documents: int
    stale: int
    is_under_way: bool


def of_collection(system: Scope, collection: uuid.UUID) -> Cutting:
    with system.transaction():
        return Cutting.of(Collection.objects.values_list("cutting", flat=True).get(pk=collection))


def around(scope: Scope, collections: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Of those whose passages are given with what stands around them."""
    with scope.transaction():
        rows = Collection.objects.filter(pk__in=list(collections)).values_list("pk", "cutting")
        found = {pk: Cutting.of(kept).around for pk, kept in rows}
    return {pk: amount for pk, amount in found.items() if amount}


def change(scope: Scope, collection: uuid.UUID, wanted: Cutting) -> Collection:
    """Holds for what is read from now on. Raises NotFound, Forbidden, InvalidInput."""
    access.require(scope, Action.COLLECTION_MANAGE, collection)
    if not SIZE_LEAST <= wanted.size <= wanted.most <= SIZE_MOST:
        raise InvalidInput(sentence(_WRONG, least=SIZE_LEAST, most=SIZE_MOST))
    if not 0 <= wanted.around <= AROUND_MOST:
        raise InvalidInput(sentence(_WRONG_AROUND, most=AROUND_MOST))
    with scope.transaction():
        row = catalog.live(collection, locked=True)
        before, after = asdict(Cutting.of(row.cutting)), asdict(wanted)
        if before != after:
            row.cutting = after
            row.save(update_fields=["cutting"])
            facts = {"changed": ["cutting"], "classification": row.classification}
            payload = {"before": {"cutting": before}, "after": {"cutting": after}}
            events.record(
                scope, Event.COLLECTION_CHANGED, resource=(catalog.KIND, collection), facts=facts, payload=payload
            )
    return row


def standing(scope: Scope, collection: uuid.UUID) -> Standing:
    """For those who run the collection: numbers alone. Raises NotFound, Forbidden."""
    access.require(scope, Action.COLLECTION_MANAGE, collection)
    with scope.as_system().transaction():
        row = catalog.live(collection)
        shown = Document.objects.filter(collection=collection, current__isnull=False)
        return Standing(shown.count(), _stale(row).count(), row.reread_at is not None)


def read_again(scope: Scope, collection: uuid.UUID) -> int:
    """Have what is cut otherwise read again, behind what comes in; how many documents. Raises NotFound, Forbidden, Conflict."""
    amount = standing(scope, collection).stale
    if not amount:
        raise Conflict(_NOTHING)
    with scope.transaction():
        row = catalog.live(collection, locked=True)
        row.reread_at = timezone.now()
        row.save(update_fields=["reread_at"])
        facts = {"documents": amount}
        events.record(scope, Event.COLLECTION_REREAD, resource=(catalog.KIND, collection), facts=facts)
        transaction.on_commit(lambda: _ring(scope.tenant), robust=True)
    return amount


def go_on(tenant: uuid.UUID) -> bool:
    """Put the next documents that are to be read again into the line; True where more are left. May be called twice."""
    system = Scope.system(tenant)
    with system.transaction():
        row = Collection.objects.filter(reread_at__isnull=False, deleted_at=None).order_by("reread_at").first()
        due = list(_stale(row).values_list("pk", flat=True)[:AT_ONCE]) if row else []
        if row is not None and not due:
            Collection.objects.filter(pk=row.pk).update(reread_at=None)
    for document in due:
        _again(system, document)
    return row is not None


def every() -> list[uuid.UUID]:
    """Tenants in which there is something to go on with."""
    found = []
    for tenant in tenants.every():
        with Scope.system(tenant).transaction():
            if Collection.objects.filter(reread_at__isnull=False, deleted_at=None).exists():
                found.append(tenant)
    return found


def _stale(row: Collection) -> QuerySet[Document]:
    """What readers see is cut otherwise than the collection says, and nothing newer is on its way or has failed."""
    shown = Document.objects.filter(collection=row.pk, current__isnull=False, latest=F("current"))
    return shown.filter(~Q(current__cut=Cutting.of(row.cutting).key)).order_by("created_at", "pk")


def _again(system: Scope, document: uuid.UUID) -> None:
    """A new version of the same bytes. Its file is its own: the older version's may go before."""
    with system.transaction():
        row = Document.objects.select_related("latest").filter(pk=document, latest=F("current")).first()
    if row is None or row.latest is None:
        return
    try:
        with files.open_stored(row.latest.path) as source:
            stored = files.store(system.tenant, source)
    except NotFound:
        _mark(system, row.latest)
        return
    try:
        with system.transaction():
            held = Document.objects.select_for_update().filter(pk=document, latest=row.latest_id).first()
            if held is None:
                files.remove(stored.path)
                return
            _version(system, held, row.latest, stored)
    except BaseException:
        files.remove(stored.path)
        raise


def _version(system: Scope, held: Document, before: Version, stored: files.Stored) -> None:
    made = Version(
        tenant_id=system.tenant,
        collection_id=held.collection_id,
        document=held,
        number=before.number + 1,
        media_type=before.media_type,
        size=stored.size,
        sha256=stored.sha256,
        path=stored.path,
        uploaded_by=before.uploaded_by,
        dated=before.dated or before.created_at,
        is_bulk=True,
    )
    made.queue(AGAIN)
    made.save(force_insert=True)
    Document.objects.filter(pk=held.pk).update(latest=made)
    facts = {"collection": held.collection_id, "version": made.pk}
    events.record(system, Event.DOCUMENT_RETRIED, resource=(documents.KIND, held.pk), facts=facts)
    documents.ring()


def _mark(system: Scope, version: Version) -> None:
    """Its file is gone: it stays as it is cut, and is not tried again and again."""
    with system.transaction():
        key = of_collection(system, version.collection_id).key
        Version.objects.filter(pk=version.pk).update(cut=key)


def _ring(tenant: uuid.UUID) -> None:
    from ingestion import tasks  # its tasks go on with it

    tasks.ring_rereading(tenant)
