"""Grants: who may do what with which resource."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from governance import access, models
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput, NotFound
from governance.roles import Level
from governance.scope import Scope


@dataclass(frozen=True)
class Holder:
    """One of the two."""

    person: uuid.UUID | None = None
    group: uuid.UUID | None = None

    def check(self) -> None:
        if (self.person is None) == (self.group is None):
            raise InvalidInput("A grant goes to one person or to one group.")

    def rows(self, resource: uuid.UUID) -> QuerySet[models.Grant]:
        return models.Grant.objects.filter(resource=resource, person=self.person, group=self.group)


@dataclass(frozen=True)
class Held:
    """What one grant says. A denied level denies those above it."""

    level: Level
    denies: bool = False

    @classmethod
    def of(cls, row: models.Grant) -> Held:
        return cls(Level(row.level), row.denies)

    def told(self) -> dict[str, Any]:
        return {"level": self.level.name.lower(), "denies": self.denies}


def register(scope: Scope, resource: uuid.UUID, kind: str, owner: uuid.UUID | None) -> None:
    """Make a resource that grants can point at; its maker manages it. Joins the transaction of whoever makes it."""
    models.Resource.objects.create(id=resource, tenant_id=scope.tenant, kind=kind)
    if owner is not None:
        models.Grant.objects.create(
            tenant_id=scope.tenant, resource_id=resource, person_id=owner, level=Level.MANAGE, granted_by=scope.actor
        )
        facts = {"person": owner, "level": Level.MANAGE.name.lower()}
        events.record(scope, Event.GRANT_GIVEN, resource=(kind, resource), facts=facts)


def retire(scope: Scope, resource: uuid.UUID) -> None:
    """Nobody's from this transaction's commit on."""
    models.Resource.objects.filter(pk=resource).update(retired_at=timezone.now())


def give(scope: Scope, resource: uuid.UUID, holder: Holder, level: Level, *, denies: bool = False) -> models.Grant:
    """Give, or change what was given. Raises NotFound, Forbidden, InvalidInput."""
    access.require(scope, Action.COLLECTION_MANAGE, resource)
    holder.check()
    try:
        with scope.transaction(), transaction.atomic():
            before = held_by(resource, holder)
            grant = _put(scope, resource, holder, Held(level, denies))
            _record(scope, Event.GRANT_GIVEN, resource, holder, Held(level, denies), before)
    except IntegrityError:
        raise NotFound("There is no such person or group.") from None
    return grant


def replace(scope: Scope, resource: uuid.UUID, holder: Holder, wanted: Iterable[Held]) -> tuple[Held, ...]:
    """Make `wanted` all that the holder holds directly. Returns what it was, which undoes it when it is given back.

    Raises NotFound, Forbidden, InvalidInput.
    """
    access.require(scope, Action.COLLECTION_MANAGE, resource)
    holder.check()
    after = {held.denies: held for held in wanted}
    try:
        with scope.transaction(), transaction.atomic():
            models.Resource.objects.select_for_update().filter(pk=resource).first()
            before = held_by(resource, holder)
            if set(before) == set(after.values()):
                return before
            holder.rows(resource).delete()
            for held in after.values():
                _put(scope, resource, holder, held)
            event = Event.GRANT_GIVEN if after else Event.GRANT_WITHDRAWN
            _record(scope, event, resource, holder, next(iter((*after.values(), *before))), before)
    except IntegrityError:
        raise NotFound("There is no such person or group.") from None
    return before


def withdraw(scope: Scope, resource: uuid.UUID, grant: uuid.UUID) -> None:
    access.require(scope, Action.COLLECTION_MANAGE, resource)
    with scope.transaction():
        found = models.Grant.objects.select_for_update().filter(pk=grant, resource=resource).first()
        if found is None:
            raise NotFound("There is no such grant.")
        holder = Holder(found.person_id, found.group_id)
        before = held_by(resource, holder)
        found.delete()
        _record(scope, Event.GRANT_WITHDRAWN, resource, holder, Held.of(found), before)


def listed(scope: Scope, resource: uuid.UUID) -> list[models.Grant]:
    access.require(scope, Action.COLLECTION_MANAGE, resource)
    with scope.transaction():
        rows = models.Grant.objects.filter(resource=resource).select_related("person", "group")
        return list(rows.order_by("created_at"))


def on(scope: Scope, resources: Iterable[uuid.UUID]) -> list[models.Grant]:
    """All grants on those of the resources that this scope may manage, with their holders."""
    with scope.transaction():
        managed = access.visible(scope, Action.COLLECTION_MANAGE, resources)
        rows = models.Grant.objects.filter(resource__in=managed).select_related("person", "group")
        return list(rows.order_by("created_at"))


def held_by(resource: uuid.UUID, holder: Holder) -> tuple[Held, ...]:
    """What the holder holds directly, denials last; in the caller's transaction."""
    return tuple(Held.of(row) for row in holder.rows(resource).order_by("denies"))


def _put(scope: Scope, resource: uuid.UUID, holder: Holder, held: Held) -> models.Grant:
    who: dict[str, Any] = {"person_id": holder.person, "group_id": holder.group}
    grant, _ = models.Grant.objects.update_or_create(
        tenant_id=scope.tenant,
        resource_id=resource,
        **who,
        denies=held.denies,
        defaults={"level": held.level, "granted_by": scope.actor},
    )
    return grant


def _record(
    scope: Scope, event: Event, resource: uuid.UUID, holder: Holder, held: Held, before: tuple[Held, ...]
) -> None:
    """After the change, in its transaction."""
    facts = {"person": holder.person, "group": holder.group, **held.told()}
    after = held_by(resource, holder)
    payload = {"before": [one.told() for one in before], "after": [one.told() for one in after]}
    events.record(scope, event, resource=("collection", resource), facts=facts, payload=payload)
