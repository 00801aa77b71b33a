"""A document that is narrower than its collection: for named people and groups alone, or under a label of its own.

Both narrow, and never widen: whoever is named or cleared reads it where they may read its collection. Postgres holds the rule
on every row of a document (`chancery.hidden_documents`), so that no reader of them has to ask; `why` says the same in words.
What came within a document is as narrow as that document. Whoever runs the collection sees of what is kept from them its name.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet

from governance import access, labels
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound
from governance.grants import Holder
from governance.scope import Scope
from governance.sentence import phrase, sentence
from ingestion import documents
from ingestion.documents import binned, narrowing
from ingestion.documents.narrowing import Reason
from ingestion.models import Collection, Document, Reader

READERS_MOST = 200
_NOT_THERE = phrase("there is no such document")
_WITHIN = phrase("Restrict the document that it came in.")


@dataclass(frozen=True)
class Kept:
    """What whoever runs a collection sees of a narrowed document; `is_seen` says whether they may read it, too."""

    id: uuid.UUID
    name: str
    label: int
    is_restricted: bool
    is_seen: bool
    readers: tuple[Reader, ...]


def restrict(scope: Scope, document: uuid.UUID, holders: Iterable[Holder]) -> None:
    """To those alone of its collection's readers. Whoever restricts it first is named too, or they would see it no more.

    Raises NotFound, Forbidden, InvalidInput, Conflict.
    """
    wanted = set(holders)
    for one in wanted:
        one.check()
    if not wanted or len(wanted) > READERS_MOST:
        raise InvalidInput(sentence("Name 1 to %(most)s people and groups.", most=READERS_MOST))
    try:
        with _opened(scope), transaction.atomic():
            row = _managed(scope, document)
            if not row.is_restricted and scope.actor is not None:
                wanted.add(Holder(person=scope.actor))
            before = narrowing.holders(row)
            _name(scope, row, wanted)
            row.is_restricted = True
            row.save(update_fields=["is_restricted"])
            facts = {"collection": row.collection_id, **_amounts(wanted)}
            payload = {"name": row.name, "before": _told(before), "after": _told(wanted)}
            _record(scope, Event.DOCUMENT_RESTRICTED, row, facts, payload)
    except IntegrityError:
        raise NotFound("There is no such person or group.") from None


def lift(scope: Scope, document: uuid.UUID) -> None:
    """For everybody again who may read its collection. Raises NotFound, Forbidden."""
    with _opened(scope):
        row = _managed(scope, document)
        if not row.is_restricted:
            return
        payload = {"name": row.name, "before": _told(narrowing.holders(row)), "after": []}
        Reader.objects.filter(document=row).delete()
        row.is_restricted = False
        row.save(update_fields=["is_restricted"])
        _record(scope, Event.DOCUMENT_UNRESTRICTED, row, {"collection": row.collection_id}, payload)


def label(scope: Scope, document: uuid.UUID, rank: int | None) -> None:
    """Its own, or with None its collection's. Nobody gives or takes a label above what they are cleared for.

    Raises NotFound, Forbidden, InvalidInput, Conflict.
    """
    if rank is not None:
        labels.require_rank(scope, rank)
    cleared = labels.clearance(scope)
    with _opened(scope):
        row = _managed(scope, document)
        before = narrowing.rank(row)
        after = row.collection.label if rank is None else rank
        if cleared is not None and max(before, after) > cleared:
            raise Forbidden("You are not cleared for this label.")
        if row.label == rank:
            return
        row.label = rank
        row.save(update_fields=["label"])
        facts = {"collection": row.collection_id, "before": before, "after": after}
        _record(scope, Event.DOCUMENT_LABELLED, row, facts, {"name": row.name})


def label_collection(scope: Scope, collection: uuid.UUID, rank: int) -> None:
    """What its documents carry that have no label of their own. Raises NotFound, Forbidden, InvalidInput."""
    access.require(scope, Action.COLLECTION_MANAGE, collection)
    labels.require_rank(scope, rank)
    cleared = labels.clearance(scope)
    with scope.transaction():
        row = Collection.objects.select_for_update().filter(pk=collection, deleted_at=None).first()
        if row is None:
            raise NotFound("There is no such collection.")
        if cleared is not None and max(row.label, rank) > cleared:
            raise Forbidden("You are not cleared for this label.")
        if row.label == rank:
            return
        facts = {"changed": ["label"], "classification": row.classification}
        payload = {"before": {"label": row.label}, "after": {"label": rank}}
        row.label = rank
        row.save(update_fields=["label"])
        events.record(
            scope, Event.COLLECTION_CHANGED, resource=("collection", collection), facts=facts, payload=payload
        )


def kept(scope: Scope, collection: uuid.UUID) -> list[Kept]:
    """All that is narrowed in it, for who runs it: those among it which they may not read, too. Raises NotFound, Forbidden."""
    access.require(scope, Action.COLLECTION_MANAGE, collection)
    with scope.transaction():
        seen = documents.readable(scope, _narrowed(collection).values_list("pk", flat=True))
    with _opened(scope):
        rows = _narrowed(collection).select_related("collection").order_by("name", "created_at")
        rows = rows.prefetch_related("readers__person", "readers__group")
        return [
            Kept(row.pk, row.name, narrowing.rank(row), row.is_restricted, row.pk in seen, tuple(row.readers.all()))
            for row in rows
        ]


def default(scope: Scope, collection: uuid.UUID) -> int:
    """The rank that a collection's documents carry which have no label of their own. Raises NotFound, Forbidden."""
    access.require(scope, Action.COLLECTION_SEE, collection)
    with scope.transaction():
        return Collection.objects.filter(pk=collection).values_list("label", flat=True).get()


def collection_of(scope: Scope, document: uuid.UUID) -> uuid.UUID:
    """Of a document that who runs its collection may not read. Raises NotFound, Forbidden."""
    with _opened(scope):
        return _managed(scope, document).collection_id


def named(scope: Scope, document: uuid.UUID) -> list[Reader]:
    """Whom a restricted document names, for who runs its collection. Raises NotFound, Forbidden."""
    with _opened(scope):
        row = _managed(scope, document)
        return list(row.readers.select_related("person", "group").order_by("created_at"))


def ranks(scope: Scope, wanted: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """The label's rank of each document among `wanted` that this scope may read."""
    with scope.transaction():
        rows = Document.objects.filter(pk__in=list(wanted)).select_related("collection")
        return {row.pk: narrowing.rank(narrowing.root(row)) for row in rows}


def hidden(scope: Scope) -> list[uuid.UUID]:
    """Documents of collections that this scope reads, and that are narrower than it: for what keeps apart who may read what."""
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT one FROM chancery.hidden_documents() one ORDER BY 1")
        return [one for (one,) in cursor.fetchall()]


def hidden_in(scope: Scope, collection: uuid.UUID) -> dict[uuid.UUID, str]:
    """Those of one collection, with their names, what lies in the bin among them: for who runs it, who sees these.

    Raises NotFound, Forbidden.
    """
    access.require(scope, Action.COLLECTION_MANAGE, collection)
    kept_back = hidden(scope)
    if not kept_back:
        return {}
    with _opened(scope), binned.opened(scope):
        return dict(Document.objects.filter(pk__in=kept_back, collection=collection).values_list("pk", "name"))


def why(scope: Scope, document: uuid.UUID) -> Reason:
    """Whether that scope sees the document, and by what: the collection's decision first, then what narrows it.

    For who explains somebody's rights, and outside of a transaction: it looks as the tenant's own work does.
    """
    with scope.as_system().transaction():
        row = Document.objects.filter(pk=document, collection__deleted_at=None).select_related("collection").first()
        if row is None:
            return Reason(False, _NOT_THERE)
        found = narrowing.now(row)
    decision = access.decide(scope, Action.COLLECTION_READ, row.collection_id)
    if not decision.allowed or scope.is_system:
        return Reason(decision.allowed, decision.reason)
    narrowed = narrowing.judge(found, scope.actor, frozenset(scope.groups), labels.clearance(scope))
    return narrowed or Reason(True, decision.reason)


@contextmanager
def _opened(scope: Scope) -> Iterator[None]:
    """A transaction in which whoever runs a collection sees the rows of its narrowed documents."""
    with scope.transaction():
        _set("open")
        yield
        _set("")  # a transaction that failed takes its settings back by itself


def _set(said: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('chancery.restrictions', %s, true)", [said])


def _managed(scope: Scope, document: uuid.UUID) -> Document:
    """Locked. Raises NotFound, Forbidden, Conflict."""
    rows = Document.objects.select_for_update(of=("self",)).select_related("collection")
    row = rows.filter(pk=document, collection__deleted_at=None).first()
    if row is None:
        raise access.unseen(Action.COLLECTION_READ, documents.KIND, document, documents.GONE)
    access.require(scope, Action.COLLECTION_MANAGE, row.collection_id)
    if row.parent_id is not None:
        raise Conflict(_WITHIN)
    return row


def _narrowed(collection: uuid.UUID) -> QuerySet[Document]:
    return Document.objects.filter(Q(is_restricted=True) | Q(label__isnull=False), collection=collection)


def _name(scope: Scope, row: Document, wanted: set[Holder]) -> None:
    Reader.objects.filter(document=row).delete()
    Reader.objects.bulk_create(
        Reader(
            tenant_id=scope.tenant,
            collection_id=row.collection_id,
            document=row,
            person_id=one.person,
            group_id=one.group,
            named_by=scope.actor,
        )
        for one in wanted
    )


def _amounts(holders: set[Holder]) -> dict[str, int]:
    people = sum(one.person is not None for one in holders)
    return {"people": people, "groups": len(holders) - people}


def _told(holders: set[Holder]) -> list[dict[str, str]]:
    told = [{"person": str(one.person)} if one.person is not None else {"group": str(one.group)} for one in holders]
    return sorted(told, key=str)


def _record(scope: Scope, event: Event, row: Document, facts: Mapping[str, Any], payload: Mapping[str, Any]) -> None:
    events.record(scope, event, resource=(documents.KIND, row.pk), facts=dict(facts), payload=dict(payload))
