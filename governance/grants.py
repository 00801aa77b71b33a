"""Grants: who may do what with which resource."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
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
    if (holder.person is None) == (holder.group is None):
        raise InvalidInput("A grant goes to one person or to one group.")
    facts = {"person": holder.person, "group": holder.group, "level": level.name.lower(), "denies": denies}
    try:
        with scope.transaction(), transaction.atomic():
            who: dict[str, Any] = {"person_id": holder.person, "group_id": holder.group}
            grant, _ = models.Grant.objects.update_or_create(
                tenant_id=scope.tenant,
                resource_id=resource,
                **who,
                denies=denies,
                defaults={"level": level, "granted_by": scope.actor},
            )
            events.record(scope, Event.GRANT_GIVEN, resource=("collection", resource), facts=facts)
    except IntegrityError:
        raise NotFound("There is no such person or group.") from None
    return grant


def withdraw(scope: Scope, resource: uuid.UUID, grant: uuid.UUID) -> None:
    access.require(scope, Action.COLLECTION_MANAGE, resource)
    with scope.transaction():
        found = models.Grant.objects.filter(pk=grant, resource=resource).first()
        if found is None:
            raise NotFound("There is no such grant.")
        facts = {"person": found.person_id, "group": found.group_id, "level": Level(found.level).name.lower()}
        found.delete()
        events.record(scope, Event.GRANT_WITHDRAWN, resource=("collection", resource), facts=facts)


def listed(scope: Scope, resource: uuid.UUID) -> list[models.Grant]:
    access.require(scope, Action.COLLECTION_MANAGE, resource)
    with scope.transaction():
        rows = models.Grant.objects.filter(resource=resource).select_related("person", "group")
        return list(rows.order_by("created_at"))
