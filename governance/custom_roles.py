"""Roles of a tenant's own: a name, and actions out of a closed list. What they open is decided in `governance.access`."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from governance import access, models, naming
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound
from governance.grants import Holder
from governance.roles import CUSTOM_ACTIONS
from governance.scope import Scope
from governance.sentence import sentence

KIND = "role"


def offered(scope: Scope) -> list[Action]:
    """Those of the closed list that the caller holds themselves."""
    access.require(scope, Action.PEOPLE_MANAGE)
    return [action for action in CUSTOM_ACTIONS if access.decide(scope, action).allowed]


def create(scope: Scope, name: str, actions: Iterable[str]) -> uuid.UUID:
    """Raises Forbidden, InvalidInput, Conflict."""
    wanted = _checked(scope, actions)
    row = models.CustomRole(tenant_id=scope.tenant, name=naming.checked(name), actions=wanted)
    try:
        with scope.transaction(), transaction.atomic():
            row.save(force_insert=True)
            events.record(
                scope,
                Event.ROLE_CREATED,
                resource=(KIND, row.pk),
                facts={"actions": wanted},
                payload={"name": row.name},
            )
    except IntegrityError:
        raise Conflict(sentence("There is a role called %(name)s already.", name=row.name)) from None
    return row.pk


def change(scope: Scope, role: uuid.UUID, name: str, actions: Iterable[str]) -> None:
    """For all who hold it, at their next request. Raises Forbidden, NotFound, InvalidInput, Conflict."""
    wanted = _checked(scope, actions)
    try:
        with scope.transaction(), transaction.atomic():
            row = _locked(role)
            before = {"name": row.name, "actions": row.actions}
            row.name, row.actions = naming.checked(name), wanted
            row.save(update_fields=["name", "actions"])
            payload = {"before": before, "after": {"name": row.name, "actions": wanted}}
            events.record(scope, Event.ROLE_CHANGED, resource=(KIND, role), facts={"actions": wanted}, payload=payload)
    except IntegrityError:
        raise Conflict(sentence("There is a role called %(name)s already.", name=name)) from None


def delete(scope: Scope, role: uuid.UUID) -> None:
    """From everybody who holds it. Raises Forbidden, NotFound."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        row = _locked(role)
        held = row.assignments.count()
        models.CustomRole.objects.filter(pk=role).delete()
        events.record(
            scope, Event.ROLE_DELETED, resource=(KIND, role), facts={"held": held}, payload={"name": row.name}
        )


def give(scope: Scope, role: uuid.UUID, holder: Holder, *, until: datetime | None = None) -> uuid.UUID:
    """Or change when it ends. Never more than the caller holds. Raises Forbidden, NotFound, InvalidInput."""
    access.require(scope, Action.PEOPLE_MANAGE)
    holder.check()
    if holder.person is not None and holder.person == scope.actor:
        raise Forbidden("Nobody gives a role to themselves. Ask another admin to do it.")
    if until is not None and until <= timezone.now():
        raise InvalidInput("That time is over already. Choose one that is still to come, or none.")
    try:
        with scope.transaction(), transaction.atomic():
            row = _locked(role)
            _checked(scope, row.actions)
            who: dict[str, Any] = {"person_id": holder.person, "group_id": holder.group}
            held, _ = models.CustomRoleAssignment.objects.update_or_create(
                tenant_id=scope.tenant,
                role_id=role,
                **who,
                defaults={"ends_at": until, "given_by": scope.actor},
            )
            _record(scope, Event.ROLE_GIVEN, role, holder, until)
    except IntegrityError:
        raise NotFound("There is no such person or group.") from None
    return held.pk


def require_to_give(scope: Scope, roles: Collection[uuid.UUID], groups: Collection[uuid.UUID] = ()) -> None:
    """For what gives them later by itself, and for what puts people into `groups` that hold some: as strict as giving them now.

    Raises Forbidden for what the caller does not hold, and NotFound.
    """
    with scope.transaction():
        rows = models.CustomRole.objects.filter(Q(pk__in=roles) | Q(assignments__group__in=groups)).distinct()
        found = {row.pk: row.actions for row in rows}
    for missing in set(roles) - found.keys():
        raise access.unseen(Action.PEOPLE_MANAGE, KIND, missing, "There is no such role.")
    for actions in found.values():
        _checked(scope, actions)


def take(scope: Scope, role: uuid.UUID, assignment: uuid.UUID) -> None:
    """From one who holds it. Raises Forbidden, NotFound."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        row = models.CustomRoleAssignment.objects.select_for_update().filter(pk=assignment, role=role).first()
        if row is None:
            raise access.unseen(Action.PEOPLE_MANAGE, KIND, role, "They do not hold this role.")
        row.delete()
        _record(scope, Event.ROLE_TAKEN, role, Holder(row.person_id, row.group_id), None)


def listed(scope: Scope) -> list[models.CustomRole]:
    """By name, with who holds them. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        rows = models.CustomRole.objects.prefetch_related("assignments__person", "assignments__group")
        return list(rows.order_by("name"))


def get(scope: Scope, role: uuid.UUID) -> models.CustomRole:
    """Raises Forbidden, NotFound."""
    access.require(scope, Action.PEOPLE_MANAGE)
    found = next((one for one in listed(scope) if one.pk == role), None)
    if found is None:
        raise access.unseen(Action.PEOPLE_MANAGE, KIND, role, "There is no such role.")
    return found


def _checked(scope: Scope, actions: Iterable[str]) -> list[str]:
    """In the list's order. Raises Forbidden for what the caller does not hold, and InvalidInput for what is not offered."""
    held, wanted = offered(scope), set(actions)
    if not wanted or wanted - {str(action) for action in CUSTOM_ACTIONS}:
        raise InvalidInput("Choose at least one of the actions that are offered.")
    if wanted - {str(action) for action in held}:
        raise Forbidden("Nobody gives what they do not hold themselves.")
    return [str(action) for action in held if action in wanted]


def _locked(role: uuid.UUID) -> models.CustomRole:
    row = models.CustomRole.objects.select_for_update().filter(pk=role).first()
    if row is None:
        raise access.unseen(Action.PEOPLE_MANAGE, KIND, role, "There is no such role.")
    return row


def _record(scope: Scope, event: Event, role: uuid.UUID, holder: Holder, until: datetime | None) -> None:
    if holder.person is not None:
        about = ("person", holder.person)
    else:
        assert holder.group is not None  # noqa: S101  checked before
        about = ("group", holder.group)
    facts = {"role": role, "group": holder.group, "until": until.isoformat() if until else None}
    events.record(scope, event, resource=about, facts=facts)
