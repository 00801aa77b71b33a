"""Who has which role. A tenant always keeps an admin who is switched on."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.utils import timezone

from governance import access, models
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, Forbidden, InvalidInput
from governance.roles import Role
from governance.scope import Scope

ASSIGNABLE = (Role.TENANT_ADMIN, Role.COMPLIANCE_OFFICER)


def of(scope: Scope, person: uuid.UUID) -> frozenset[Role]:
    """The roles that were given, without the one that everybody has."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        given = models.RoleAssignment.objects.filter(person=person).values_list("role", flat=True)
        return frozenset(Role(role) for role in given)


def ends(scope: Scope, person: uuid.UUID) -> dict[Role, datetime]:
    """When those of the roles end that do."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        rows = models.RoleAssignment.objects.filter(person=person, ends_at__isnull=False)
        return {Role(role): end for role, end in rows.values_list("role", "ends_at") if end}


def give(scope: Scope, person: uuid.UUID, role: Role, *, until: datetime | None = None) -> None:
    """Or change when it ends. Raises NotFound for a person of another tenant, Forbidden for oneself (a new right takes two
    people), InvalidInput for a time that is over, and Conflict where nobody would be an admin for good.
    """
    access.require(scope, Action.PEOPLE_MANAGE)
    if scope.actor == person:
        raise Forbidden("Nobody gives a role to themselves. Ask another admin to do it.")
    if until is not None and until <= timezone.now():
        raise InvalidInput("That time is over already. Choose one that is still to come, or none.")
    with scope.transaction():
        hold(scope)
        before = _held(person)
        had = models.RoleAssignment.objects.filter(person=person, role=str(role)).exists()
        models.RoleAssignment.objects.update_or_create(
            tenant_id=scope.tenant,
            person_id=person,
            role=str(role),
            defaults={"ends_at": until, "given_by": scope.actor},
        )
        if until is not None and had:
            require_an_admin(scope)
        _record(scope, Event.ROLE_GIVEN, person, role, before, until)


def take(scope: Scope, person: uuid.UUID, role: Role) -> None:
    """Raises NotFound, and Conflict where nobody would be left to run the tenant."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        hold(scope)
        before = _held(person)
        if models.RoleAssignment.objects.filter(person=person, role=str(role)).delete()[0]:
            require_an_admin(scope)
            _record(scope, Event.ROLE_TAKEN, person, role, before)


def change(scope: Scope, person: uuid.UUID, roles: Iterable[Role]) -> None:
    """Give and take until the person has these. All of it, or nothing."""
    access.require(scope, Action.PEOPLE_MANAGE)
    wanted = frozenset(roles) & set(ASSIGNABLE)
    with scope.transaction():
        has = of(scope, person)
        for role in sorted(wanted - has):
            give(scope, person, role)
        for role in sorted(has - wanted):
            take(scope, person, role)


def hold(scope: Scope) -> None:
    """One at a time for each tenant, until the commit: two admins must not each remove the other at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 3))", [str(scope.tenant)])


def require_an_admin(scope: Scope) -> None:
    """One for good, and a person. Called after a change and under `hold`. Raises Conflict, which undoes it."""
    admins = models.RoleAssignment.objects.filter(
        role=str(Role.TENANT_ADMIN), person__is_active=True, person__is_service=False, ends_at__isnull=True
    )
    if not admins.exists():
        raise Conflict("This is the last admin. Make somebody else an admin first.")


def _held(person: uuid.UUID) -> list[str]:
    if not models.Person.objects.filter(pk=person, erased_at=None).exists():
        raise access.unseen(Action.PEOPLE_MANAGE, "person", person, "There is no such person.")
    return sorted(models.RoleAssignment.objects.filter(person=person).values_list("role", flat=True))


def _record(
    scope: Scope, event: Event, person: uuid.UUID, role: Role, before: list[str], until: datetime | None = None
) -> None:
    after = {*before, str(role)} if event is Event.ROLE_GIVEN else {*before} - {str(role)}
    payload = {"before": before, "after": sorted(after)}
    facts = {"role": role, "until": until.isoformat()} if until else {"role": role}
    events.record(scope, event, resource=("person", person), facts=facts, payload=payload, subject=person)
