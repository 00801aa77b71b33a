"""Grants: who may do what with which resource."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
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

# Where a grant is from. Whoever makes a collection holds it; what was asked for and approved says so, and stands beside what is
# held otherwise; so does what is put back beside something, when a change is taken back.
MANUAL, OWNER, REQUEST, PUT_BACK = "manual", "owner", "request", "put back"
BESIDE = (REQUEST, PUT_BACK)


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
    """What one grant says. A denied level denies those above it; without `until` it does not end."""

    level: Level
    denies: bool = False
    until: datetime | None = None

    @property
    def has_ended(self) -> bool:
        return self.until is not None and self.until <= timezone.now()

    def check(self) -> None:
        if self.has_ended:
            raise InvalidInput("That time is over already. Choose one that is still to come, or none.")

    @classmethod
    def of(cls, row: models.Grant) -> Held:
        return cls(Level(row.level), row.denies, row.ends_at)

    def told(self) -> dict[str, Any]:
        until = self.until.isoformat() if self.until else None
        return {"level": self.level.name.lower(), "denies": self.denies, "until": until}


def register(scope: Scope, resource: uuid.UUID, kind: str, owner: uuid.UUID | None) -> None:
    """Make a resource that grants can point at; its maker manages it. Joins the transaction of whoever makes it."""
    models.Resource.objects.create(id=resource, tenant_id=scope.tenant, kind=kind)
    if owner is not None:
        models.Grant.objects.create(
            tenant_id=scope.tenant,
            resource_id=resource,
            person_id=owner,
            level=Level.MANAGE,
            granted_by=scope.actor,
            source=OWNER,
        )
        facts = {"person": owner, "level": Level.MANAGE.name.lower()}
        events.record(scope, Event.GRANT_GIVEN, resource=(kind, resource), facts=facts)


def retire(scope: Scope, resource: uuid.UUID) -> None:
    """Nobody's from this transaction's commit on."""
    models.Resource.objects.filter(pk=resource).update(retired_at=timezone.now())


def revive(scope: Scope, resource: uuid.UUID) -> None:
    """Theirs again who held it; in the transaction of whoever brings it back."""
    models.Resource.objects.filter(pk=resource).update(retired_at=None)


def forget(scope: Scope, resource: uuid.UUID) -> int:
    """A retired resource with its grants and all that was asked, in the transaction of whoever erases it; how many grants."""
    models.AccessRequest.objects.filter(resource=resource).delete()
    models.Offer.objects.filter(resource=resource).delete()
    held = models.Grant.objects.filter(resource=resource).delete()[0]
    models.Resource.objects.filter(pk=resource, retired_at__isnull=False).delete()
    return held


def give(
    scope: Scope,
    resource: uuid.UUID,
    holder: Holder,
    level: Level,
    *,
    denies: bool = False,
    until: datetime | None = None,
    source: str = MANUAL,
) -> models.Grant:
    """Give, or change what was given. Raises NotFound, Forbidden, InvalidInput."""
    held = Held(level, denies, until)
    _require(scope, resource, held)
    holder.check()
    try:
        with scope.transaction(), transaction.atomic():
            before = held_by(resource, holder)
            grant = _put(scope, resource, holder, held, source)
            _record(scope, Event.GRANT_GIVEN, resource, holder, held, before)
    except IntegrityError:
        raise NotFound("There is no such person or group.") from None
    return grant


def give_as_asked(scope: Scope, resource: uuid.UUID, person: uuid.UUID, held: Held) -> models.Grant:
    """What was asked for, in the transaction of whoever approves it, which has seen to it that they may."""
    held.check()
    holder = Holder(person=person)
    before = held_by(resource, holder)
    grant = _put(scope, resource, holder, held, REQUEST)
    _record(scope, Event.GRANT_GIVEN, resource, holder, held, before)
    return grant


def replace(scope: Scope, resource: uuid.UUID, holder: Holder, wanted: Iterable[Held]) -> tuple[Held, ...]:
    """Make `wanted` all that the holder holds directly. Returns what it was, which undoes it when it is given back.

    Raises NotFound, Forbidden, InvalidInput.
    """
    access.require(scope, Action.COLLECTION_MANAGE, resource)
    holder.check()
    after = _one_for_good(wanted)
    try:
        with scope.transaction(), transaction.atomic():
            models.Resource.objects.select_for_update().filter(pk=resource).first()
            before = held_by(resource, holder)
            if set(before) == after:
                return before
            for held in after - set(before):
                _require(scope, resource, held)
            _swap(scope, resource, holder, after)
            event = Event.GRANT_GIVEN if after else Event.GRANT_WITHDRAWN
            _record(scope, event, resource, holder, next(iter((*after, *before))), before)
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


def _require(scope: Scope, resource: uuid.UUID, held: Held) -> None:
    """Whoever denies gives nothing on."""
    access.require(scope, Action.COLLECTION_MANAGE, resource)
    held.check()
    if not held.denies:
        access.require_to_give(scope, resource, held.level, held.until)


def _one_for_good(wanted: Iterable[Held]) -> set[Held]:
    """Of those without an end one of each kind, the last; the others have ends, and stand beside it."""
    listed = list(wanted)
    for_good = {held.denies: held for held in listed if held.until is None}
    return {held for held in listed if held.until is not None} | set(for_good.values())


def _swap(scope: Scope, resource: uuid.UUID, holder: Holder, after: set[Held]) -> None:
    """Change what can be changed in its place, add what is missing, and take away what is not wanted."""
    rows = list(holder.rows(resource))
    spare = [row for row in rows if Held.of(row) not in after]
    taken = {row.denies for row in rows if row.source not in BESIDE and row not in spare}
    missing = after - {Held.of(row) for row in rows}
    for held in sorted(missing, key=lambda one: one.until is not None):
        source = PUT_BACK if held.denies in taken else MANUAL
        put = _put(scope, resource, holder, held, source)
        spare = [row for row in spare if row.pk != put.pk]
        taken.add(held.denies)
    models.Grant.objects.filter(pk__in=[row.pk for row in spare]).delete()


def _put(scope: Scope, resource: uuid.UUID, holder: Holder, held: Held, source: str) -> models.Grant:
    who: dict[str, Any] = {"person_id": holder.person, "group_id": holder.group}
    key: dict[str, Any] = {"tenant_id": scope.tenant, "resource_id": resource, "denies": held.denies, **who}
    said: dict[str, Any] = {"level": held.level, "granted_by": scope.actor, "ends_at": held.until, "source": source}
    if source in BESIDE:
        return models.Grant.objects.create(**key, **said)
    grant, _ = models.Grant.objects.exclude(source__in=BESIDE).update_or_create(**key, defaults=said)
    return grant


def _record(
    scope: Scope, event: Event, resource: uuid.UUID, holder: Holder, held: Held, before: tuple[Held, ...]
) -> None:
    """After the change, in its transaction."""
    facts = {"person": holder.person, "group": holder.group, **held.told()}
    after = held_by(resource, holder)
    payload = {"before": [one.told() for one in before], "after": [one.told() for one in after]}
    events.record(scope, event, resource=("collection", resource), facts=facts, payload=payload)
