"""People of a tenant, their roles, and the scope they act in."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db import IntegrityError, connection

from governance import access, models
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, NotFound
from governance.roles import Role
from governance.scope import ActorKind, Scope


def create(
    scope: Scope, email: str, name: str, *, password: str | None = None, roles: Iterable[Role] = ()
) -> uuid.UUID:
    """A person without grants. No password means that they cannot sign in locally."""
    access.require(scope, Action.PEOPLE_MANAGE)
    person = models.Person(tenant_id=scope.tenant, email=email.strip(), name=name.strip())
    person.set_password(password)
    try:
        with scope.transaction():
            person.save(force_insert=True)
            events.record(
                scope,
                Event.PERSON_CREATED,
                resource=("person", person.pk),
                payload={"email": person.email, "name": person.name},
                subject=person.pk,
            )
            for role in roles:
                give_role(scope, person.pk, role)
    except IntegrityError:
        raise Conflict("There is a person with that e-mail address already.") from None
    return person.pk


def give_role(scope: Scope, person: uuid.UUID, role: Role) -> None:
    """Raises NotFound for a person of another tenant."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        if not models.Person.objects.filter(pk=person).exists():
            raise NotFound("There is no such person.")
        models.RoleAssignment.objects.get_or_create(tenant_id=scope.tenant, person_id=person, role=str(role))
        events.record(scope, Event.ROLE_GIVEN, resource=("person", person), facts={"role": role})


def scope_of(person: uuid.UUID, request_id: str = "") -> Scope | None:
    """The person's scope as of now, from their id alone; None where they are gone or switched off."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT chancery.resolve_session_person(%s)", [person])
        row = cursor.fetchone()
    return _evaluate(row[0], person, request_id) if row and row[0] else None


def scope_in(tenant: uuid.UUID, person: uuid.UUID, request_id: str = "") -> Scope:
    """The same where the tenant is known. Raises NotFound."""
    scope = scope_of(person, request_id)
    if scope is None or scope.tenant != tenant:
        raise NotFound("There is no such person, or they have been switched off.")
    return scope


def _evaluate(tenant: uuid.UUID, person: uuid.UUID, request_id: str) -> Scope:
    with Scope(tenant, ActorKind.PERSON, person).transaction():
        roles = models.RoleAssignment.objects.filter(person=person).values_list("role", flat=True)
        groups = models.Membership.objects.filter(person=person).values_list("group", flat=True)
        return Scope(
            tenant=tenant,
            kind=ActorKind.PERSON,
            actor=person,
            roles=frozenset(Role(role) for role in roles) | {Role.EMPLOYEE},
            groups=frozenset(groups),
            request_id=request_id,
        )


def find_by_email(scope: Scope, email: str) -> models.Person | None:
    with scope.transaction():
        return models.Person.objects.filter(email__iexact=email.strip()).first()


def get(scope: Scope, person: uuid.UUID) -> models.Person:
    access.require(scope, Action.PEOPLE_SEE)
    with scope.transaction():
        found = models.Person.objects.filter(pk=person).first()
    if found is None:
        raise NotFound("There is no such person.")
    return found


def listed(scope: Scope) -> list[models.Person]:
    access.require(scope, Action.PEOPLE_SEE)
    with scope.transaction():
        return list(models.Person.objects.filter(is_active=True).order_by("name", "email"))
