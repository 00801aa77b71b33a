"""Groups of people, which grants are given to."""

from __future__ import annotations

import uuid

from django.db import IntegrityError

from governance import access, models
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, NotFound
from governance.scope import Scope


def create(scope: Scope, name: str) -> uuid.UUID:
    access.require(scope, Action.PEOPLE_MANAGE)
    group = models.Group(tenant_id=scope.tenant, name=name.strip())
    try:
        with scope.transaction():
            group.save(force_insert=True)
            events.record(scope, Event.GROUP_CREATED, resource=("group", group.pk), payload={"name": group.name})
    except IntegrityError:
        raise Conflict(f"There is a group called {name} already.") from None
    return group.pk


def add(scope: Scope, group: uuid.UUID, person: uuid.UUID, *, source: str = "manual") -> None:
    """Raises NotFound for a person or group of another tenant."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        there = models.Group.objects.filter(pk=group).exists() and models.Person.objects.filter(pk=person).exists()
        if not there:
            raise NotFound("There is no such person or group.")
        models.Membership.objects.get_or_create(tenant_id=scope.tenant, group_id=group, person_id=person, source=source)
        events.record(scope, Event.MEMBER_ADDED, resource=("group", group), facts={"person": person, "source": source})


def listed(scope: Scope) -> list[models.Group]:
    access.require(scope, Action.PEOPLE_SEE)
    with scope.transaction():
        return list(models.Group.objects.order_by("name"))
