"""Collections: what documents stand in, and what grants are given on."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from governance import access, grants, pages, tenants
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput, NotFound
from governance.models import Grant
from governance.pages import Page
from governance.roles import Level
from governance.scope import Scope
from governance.sentence import phrase, sentence
from ingestion.models import Classification, Collection, Document, Strictness

KIND = "collection"
NAME_MAX = 200
DESCRIPTION_MAX = 1000
HALF_LIFE_MAX = 36_500  # days
GAPS_MOST, TERM_MAX = 500, 80  # closed gaps that a collection remembers, the last ones
GONE = phrase("There is no such collection, or you may not see it.")


@dataclass(frozen=True)
class Rights:
    """What one scope may do with one collection. `documents` is None where its content is not theirs to know of."""

    can_read: bool
    can_write: bool
    can_manage: bool
    documents: int | None


def create(
    scope: Scope,
    name: str,
    description: str = "",
    classification: str = Classification.INTERNAL,
    strictness: str = Strictness.BALANCED,
    half_life_days: int = 0,
    pk: uuid.UUID | None = None,
) -> Collection:
    """A collection which its maker manages, under the id `pk` where one is settled. Raises Forbidden, InvalidInput, Conflict."""
    access.require(scope, Action.COLLECTION_CREATE)
    row = Collection(
        pk=pk or uuid.uuid4(),
        tenant_id=scope.tenant,
        name=_name(name),
        description=_description(description),
        classification=_classification(classification),
        strictness=_strictness(strictness),
        half_life_days=_half_life(half_life_days),
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


def bind(scope: Scope, to: uuid.UUID, name: str) -> Collection:
    """The person's own collection that belongs to something above; made where there is none. They manage it, and nobody
    else reads it. Joins the transaction of whoever makes what it belongs to.
    """
    there = Collection.objects.filter(bound_to=to, deleted_at=None).first()
    if there is not None:
        return there
    row = Collection(tenant_id=scope.tenant, name=_name(name), created_by=scope.actor, bound_to=to)
    grants.register(scope, row.pk, KIND, scope.person)
    row.save(force_insert=True)
    facts = {"classification": row.classification, "bound_to": to}
    events.record(scope, Event.COLLECTION_CREATED, resource=(KIND, row.pk), facts=facts, payload={"name": row.name})
    return row


def bound(scope: Scope, to: uuid.UUID) -> uuid.UUID | None:
    """The one that belongs to it, where this scope may see it."""
    with scope.transaction():
        return _seen(scope).filter(bound_to=to).values_list("pk", flat=True).first()


def listed(scope: Scope) -> list[Collection]:
    """What this scope may see, by name; but for what belongs to something above."""
    with scope.transaction():
        return list(_seen(scope).filter(bound_to=None).order_by("name"))


def found(scope: Scope, action: Action, words: str, number: int, size: int) -> Page[Collection]:
    """A page, by name, of those this scope may do `action` with."""
    rows = Collection.objects.filter(access.access_filter(scope, action), deleted_at=None, bound_to=None)
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
        raise access.unseen(Action.COLLECTION_SEE, KIND, collection, GONE)
    return found


def readable(scope: Scope, named: Iterable[uuid.UUID] = ()) -> list[uuid.UUID]:
    """The collections whose documents this scope may read; those that belong to something above where they are named."""
    with scope.transaction():
        rows = Collection.objects.filter(access.access_filter(scope, Action.COLLECTION_READ), deleted_at=None)
        rows = rows.filter(Q(bound_to=None) | Q(pk__in=list(named)))
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
        rows = Collection.objects.filter(deleted_at=None, bound_to=None)
        return list(rows.order_by("name").values_list("pk", "name"))


def keepers(scope: Scope, collections: Iterable[uuid.UUID], most: int = 2) -> dict[uuid.UUID, list[str]]:
    """Who manages each of those that this scope may see, by name: whom to ask. No right to see people is needed for it."""
    with scope.transaction():
        seen = access.visible(scope, Action.COLLECTION_SEE, collections)
    with scope.as_system().transaction():
        held = Grant.objects.filter(resource__in=seen, level=Level.MANAGE, denies=False, person__is_active=True)
        rows = list(held.select_related("person").order_by("created_at", "pk"))
    found: dict[uuid.UUID, list[str]] = {}
    for row in rows:
        found.setdefault(row.resource_id, []).append(str(row.person))
    return {one: names[:most] for one, names in found.items()}


def change(
    scope: Scope,
    collection: uuid.UUID,
    *,
    name: str | None = None,
    description: str | None = None,
    classification: str | None = None,
    strictness: str | None = None,
    half_life_days: int | None = None,
) -> Collection:
    """None leaves it as it is. Raises NotFound, Forbidden, InvalidInput, Conflict."""
    access.require(scope, Action.COLLECTION_MANAGE, collection)
    try:
        with scope.transaction(), transaction.atomic():
            row = live(collection, locked=True)
            before = _told(row)
            row.name = row.name if name is None else _name(name)
            row.description = row.description if description is None else _description(description)
            if classification is not None:
                row.classification = _classification(classification)
            if strictness is not None:
                row.strictness = _strictness(strictness)
            if half_life_days is not None:
                row.half_life_days = _half_life(half_life_days)
            row.save(update_fields=["name", "description", "classification", "strictness", "half_life_days"])
            after = _told(row)
            events.record(
                scope,
                Event.COLLECTION_CHANGED,
                resource=(KIND, collection),
                facts=_facts([key for key, value in after.items() if value != before[key]], row),
                payload={"before": before, "after": after},
            )
    except IntegrityError:
        raise Conflict(
            sentence("There is a collection named “%(name)s” already. Choose another name.", name=name or "")
        ) from None
    return row


def close_gaps(scope: Scope, collection: uuid.UUID, closed: Iterable[str]) -> None:
    """These terms count as no gap until they are asked in vain again. Raises NotFound, Forbidden, InvalidInput."""
    access.require(scope, Action.COLLECTION_MANAGE, collection)
    terms = sorted({term for term in closed if term and len(term) <= TERM_MAX})[:GAPS_MOST]
    if not terms:
        raise InvalidInput("Say which words are no gap any more.")
    with scope.transaction():
        row = live(collection, locked=True)
        now = timezone.now().isoformat()
        kept = sorted((row.gaps_closed | dict.fromkeys(terms, now)).items(), key=lambda one: (one[1], one[0]))
        row.gaps_closed = dict(kept[-GAPS_MOST:])
        row.save(update_fields=["gaps_closed"])
        facts = _facts(["gaps_closed"], row)
        payload = {"before": {}, "after": {"gaps_closed": terms}}
        events.record(scope, Event.COLLECTION_CHANGED, resource=(KIND, collection), facts=facts, payload=payload)


def delete(scope: Scope, collection: uuid.UUID) -> None:
    """Out of everybody's reach at commit. It can be brought back as long as the tenant keeps what is deleted, and is then
    erased: ingestion.leaving.deleted. Raises NotFound, Forbidden.
    """
    access.require(scope, Action.COLLECTION_MANAGE, collection)
    with scope.transaction():
        row = live(collection, locked=True)
        row.deleted_at, row.deleted_by = timezone.now(), scope.actor
        # Before the resource is retired: a retired one is no longer the manager's to change.
        row.save(update_fields=["deleted_at", "deleted_by"])
        facts, payload = {"days": tenants.current(scope).bin_days}, {"name": row.name}
        events.record(scope, Event.COLLECTION_DELETED, resource=(KIND, collection), facts=facts, payload=payload)
        grants.retire(scope, collection)


def _seen(scope: Scope) -> QuerySet[Collection]:
    return Collection.objects.filter(access.access_filter(scope, Action.COLLECTION_SEE), deleted_at=None)


def live(collection: uuid.UUID, *, locked: bool = False) -> Collection:
    """`locked` where two at once must not both do it."""
    rows = Collection.objects.select_for_update() if locked else Collection.objects.all()
    found = rows.filter(pk=collection, deleted_at=None).first()
    if found is None:
        raise NotFound(GONE)
    return found


def _told(row: Collection) -> dict[str, Any]:
    told = {"name": row.name, "description": row.description, "classification": row.classification}
    return told | {"strictness": row.strictness, "half_life_days": row.half_life_days}


def _facts(changed: list[str], row: Collection) -> dict[str, Any]:
    told = {"changed": changed, "classification": row.classification}
    return told | {name: getattr(row, name) for name in ("strictness", "half_life_days") if name in changed}


def _classification(given: str) -> Classification:
    try:
        return Classification(given)
    except ValueError:
        known = ", ".join(Classification.values)
        raise InvalidInput(sentence("A collection is one of: %(known)s.", known=known)) from None


def _strictness(given: str) -> Strictness:
    try:
        return Strictness(given)
    except ValueError:
        known = ", ".join(Strictness.values)
        raise InvalidInput(sentence("A collection's strictness is one of: %(known)s.", known=known)) from None


def _half_life(given: int) -> int:
    if not 0 <= given <= HALF_LIFE_MAX:
        raise InvalidInput(sentence("A half-life is 0 to %(most)s days; 0 lets nothing age.", most=HALF_LIFE_MAX))
    return given


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
