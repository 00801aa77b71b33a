"""Collections: what documents stand in, and what grants are given on."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from governance import access, grants, pages
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput, NotFound
from governance.pages import Page
from governance.scope import Scope
from governance.sentence import phrase, sentence
from ingestion.models import Classification, Collection, Document

KIND = "collection"
NAME_MAX = 200
DESCRIPTION_MAX = 1000
_GONE = phrase("There is no such collection, or you may not see it.")


@dataclass(frozen=True)
class Rights:
    """What one scope may do with one collection. `documents` is None where its content is not theirs to know of."""

    can_read: bool
    can_write: bool
    can_manage: bool
    documents: int | None


def create(scope: Scope, name: str, description: str = "", classification: str = Classification.INTERNAL) -> Collection:
    """A collection which its maker manages. Raises Forbidden, InvalidInput, Conflict."""
    access.require(scope, Action.COLLECTION_CREATE)
    row = Collection(
        tenant_id=scope.tenant,
        name=_name(name),
        description=_description(description),
        classification=_classification(classification),
        created_by=scope.actor,
    )
    try:
        with scope.transaction(), transaction.atomic():
            # The grant comes first: row-level security asks for it when the row is written.
            grants.register(scope, row.pk, KIND, scope.actor)
            row.save(force_insert=True)
            facts = {"classification": row.classification}
            payload = {"name": row.name}
            events.record(scope, Event.COLLECTION_CREATED, resource=(KIND, row.pk), facts=facts, payload=payload)
    except IntegrityError:
        raise Conflict(
            sentence("There is a collection named “%(name)s” already. Choose another name.", name=row.name)
        ) from None
    return row


def listed(scope: Scope) -> list[Collection]:
    """What this scope may see, by name."""
    with scope.transaction():
        return list(_seen(scope).order_by("name"))


def found(scope: Scope, action: Action, words: str, number: int, size: int) -> Page[Collection]:
    """A page, by name, of those this scope may do `action` with."""
    rows = Collection.objects.filter(access.access_filter(scope, action), deleted_at=None)
    if words:
        rows = rows.filter(name__icontains=words)
    with scope.transaction():
        return pages.cut(rows.order_by("name", "pk"), number, size)


def rights(scope: Scope, collections: Iterable[uuid.UUID]) -> dict[uuid.UUID, Rights]:
    """For each of those that this scope may see."""
    with scope.transaction():
        seen = access.visible(scope, Action.COLLECTION_SEE, collections)
        reads = access.visible(scope, Action.COLLECTION_READ, seen)
        writes = access.visible(scope, Action.DOCUMENT_WRITE, seen)
        manages = access.visible(scope, Action.COLLECTION_MANAGE, seen)
        held = Document.objects.filter(collection__in=reads).values_list("collection").annotate(held=Count("pk"))
        counted = dict(held)
    return {
        one: Rights(one in reads, one in writes, one in manages, counted.get(one, 0) if one in reads else None)
        for one in seen
    }


def get(scope: Scope, collection: uuid.UUID) -> Collection:
    """Raises NotFound for what is not there, and for what this scope may not see."""
    with scope.transaction():
        found = _seen(scope).filter(pk=collection).first()
    if found is None:
        raise access.unseen(Action.COLLECTION_SEE, KIND, collection, _GONE)
    return found


def readable(scope: Scope) -> list[uuid.UUID]:
    """The collections whose documents this scope may read."""
    with scope.transaction():
        rows = Collection.objects.filter(access.access_filter(scope, Action.COLLECTION_READ), deleted_at=None)
        return list(rows.order_by("name").values_list("pk", flat=True))


def names(scope: Scope, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Of those among `ids` that this scope may see."""
    with scope.transaction():
        return dict(_seen(scope).filter(pk__in=list(ids)).values_list("pk", "name"))


def labels(scope: Scope) -> list[tuple[uuid.UUID, str]]:
    """Every collection there is, by name, for those who read the record: to say which of them they look for.

    They see none of what it holds. Raises Forbidden.
    """
    access.require(scope, Action.RECORD_READ)
    with scope.as_system().transaction():
        return list(Collection.objects.filter(deleted_at=None).order_by("name").values_list("pk", "name"))


def rename(scope: Scope, collection: uuid.UUID, name: str) -> Collection:
    return change(scope, collection, name=name)


def change(
    scope: Scope,
    collection: uuid.UUID,
    *,
    name: str | None = None,
    description: str | None = None,
    classification: str | None = None,
) -> Collection:
    """None leaves it as it is. Raises NotFound, Forbidden, InvalidInput, Conflict."""
    access.require(scope, Action.COLLECTION_MANAGE, collection)
    try:
        with scope.transaction(), transaction.atomic():
            row = _live(collection)
            before = _told(row)
            row.name = row.name if name is None else _name(name)
            row.description = row.description if description is None else _description(description)
            if classification is not None:
                row.classification = _classification(classification)
            row.save(update_fields=["name", "description", "classification"])
            after = _told(row)
            events.record(
                scope,
                Event.COLLECTION_CHANGED,
                resource=(KIND, collection),
                facts={
                    "changed": [key for key, value in after.items() if value != before[key]],
                    "classification": row.classification,
                },
                payload={"before": before, "after": after},
            )
    except IntegrityError:
        raise Conflict(
            sentence("There is a collection named “%(name)s” already. Choose another name.", name=name or "")
        ) from None
    return row


def delete(scope: Scope, collection: uuid.UUID) -> None:
    """Out of everybody's reach at commit; its documents, vectors and files go with the next purge."""
    access.require(scope, Action.COLLECTION_MANAGE, collection)
    with scope.transaction():
        row = _live(collection, locked=True)
        row.deleted_at = timezone.now()
        # Before the resource is retired: a retired one is no longer the manager's to change.
        row.save(update_fields=["deleted_at"])
        events.record(scope, Event.COLLECTION_DELETED, resource=(KIND, collection), payload={"name": row.name})
        grants.retire(scope, collection)


def _seen(scope: Scope) -> QuerySet[Collection]:
    return Collection.objects.filter(access.access_filter(scope, Action.COLLECTION_SEE), deleted_at=None)


def _live(collection: uuid.UUID, *, locked: bool = False) -> Collection:
    """`locked` where two at once must not both do it."""
    rows = Collection.objects.select_for_update() if locked else Collection.objects.all()
    found = rows.filter(pk=collection, deleted_at=None).first()
    if found is None:
        raise NotFound(_GONE)
    return found


def _told(row: Collection) -> dict[str, str]:
    return {"name": row.name, "description": row.description, "classification": row.classification}


def _classification(given: str) -> Classification:
    try:
        return Classification(given)
    except ValueError:
        known = ", ".join(Classification.values)
        raise InvalidInput(sentence("A collection is one of: %(known)s.", known=known)) from None


def _name(given: str) -> str:
    name = " ".join(given.split())
    if not name or len(name) > NAME_MAX:
        raise InvalidInput(sentence("A collection's name has 1 to %(most)s characters.", most=NAME_MAX))
    if not name.isprintable():
        raise InvalidInput("A collection's name cannot hold control characters.")
    return name


def _description(given: str) -> str:
    text = given.strip()
    if len(text) > DESCRIPTION_MAX:
        raise InvalidInput(
            sentence("A collection's description has at most %(most)s characters.", most=DESCRIPTION_MAX)
        )
    return text
