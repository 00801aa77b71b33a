"""People of a tenant, their roles, and the scope they act in."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.db.models import Case, Count, Q, When
from django.utils import timezone

from governance import access, assignments, models, naming, pages
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound
from governance.pages import Order, Page
from governance.roles import CUSTOM_ACTIONS, Role
from governance.scope import ActorKind, Scope
from governance.sentence import phrase

STANDINGS = """
SELECT asked.place, found.* FROM unnest(%s::uuid[], %s::uuid[]) WITH ORDINALITY asked(person, key, place)
LEFT JOIN LATERAL chancery.resolve_person(asked.person, asked.key) found ON true ORDER BY asked.place
"""
_GONE = phrase("There is no such person.")
OFFERED_MOST = 20  # whom a form offers to choose from; others are found by name
COLUMNS = {"name": "name", "email": "email", "added": "created_at", "seen": "last_login"}


@dataclass(frozen=True)
class Wanted:
    """Which people a list is to hold; what is not named does not matter."""

    words: str = ""
    role: Role | None = None
    group: uuid.UUID | None = None
    is_active: bool | None = None


@dataclass(frozen=True)
class Offered:
    """`is_all` where there are no others than these."""

    rows: list[models.Person]
    is_all: bool


def create(
    scope: Scope, email: str, name: str, *, password: str | None = None, roles: Iterable[Role] = ()
) -> uuid.UUID:
    """A person without grants. Raises Forbidden, InvalidInput, Conflict. No password means that they cannot sign in locally."""
    access.require(scope, Action.PEOPLE_PROVISION)
    person = models.Person(tenant_id=scope.tenant, email=_email(email), name=naming.checked(name))
    person.set_password(password)
    try:
        with scope.transaction(), transaction.atomic():
            person.save(force_insert=True)
            events.record(
                scope,
                Event.PERSON_CREATED,
                resource=("person", person.pk),
                payload={"email": person.email, "name": person.name},
                subject=person.pk,
            )
            for role in roles:
                assignments.give(scope, person.pk, role)
    except IntegrityError:
        raise Conflict("There is a person with that e-mail address already.") from None
    return person.pk


def change(scope: Scope, person: uuid.UUID, *, email: str, name: str) -> None:
    """Their name and address. Raises NotFound, Forbidden, InvalidInput, Conflict."""
    access.require(scope, Action.PEOPLE_PROVISION)
    after = {"email": _email(email), "name": naming.checked(name)}
    try:
        with scope.transaction(), transaction.atomic():
            row = _there(person)
            before = {"email": row.email, "name": row.name}
            row.email, row.name = after["email"], after["name"]
            row.save(update_fields=["email", "name"])
            events.record(
                scope,
                Event.PERSON_CHANGED,
                resource=("person", person),
                facts={"changed": [key for key, value in after.items() if value != before[key]]},
                payload={"before": before, "after": after},
                subject=person,
            )
    except IntegrityError:
        raise Conflict("There is a person with that e-mail address already.") from None


def switch_off(scope: Scope, person: uuid.UUID) -> None:
    """They are nobody from this commit on: their sessions and keys end, and do not come back with them."""
    access.require(scope, Action.PEOPLE_PROVISION)
    if scope.actor == person:
        raise Forbidden("Nobody switches themselves off. Ask another admin to do it.")
    with scope.transaction():
        assignments.hold(scope)
        row = _locked(person)
        if not row.is_active:
            return
        row.is_active, row.session_epoch = False, row.session_epoch + 1
        row.save(update_fields=["is_active", "session_epoch"])
        assignments.require_an_admin(scope)
        # What service accounts were given to act for them ends as well.
        ended = models.ApiKey.objects.filter(person=person, revoked_at=None).update(revoked_at=timezone.now())
        models.Invitation.objects.filter(person=person, used_at=None).delete()
        events.record(scope, Event.PERSON_SWITCHED_OFF, resource=("person", person), facts={"keys_revoked": ended})


def switch_on(scope: Scope, person: uuid.UUID) -> None:
    """With the roles, groups and grants they had; they sign in anew. Raises Conflict where a directory has switched them off."""
    access.require(scope, Action.PEOPLE_PROVISION)
    with scope.transaction():
        row = _there(person)
        if row.is_active:
            return
        if scope.kind is not ActorKind.DIRECTORY:
            _require_no_directory(person)
        row.is_active = True
        row.save(update_fields=["is_active"])
        events.record(scope, Event.PERSON_SWITCHED_ON, resource=("person", person))


def scope_of(person: uuid.UUID, request_id: str = "", key: uuid.UUID | None = None) -> Scope | None:
    """The person's scope as of now, from their id alone; None where they are gone or switched off.

    Through `key` it is what that narrows them to. Raises NotFound where it opens nothing any more.
    """
    found = _standing(person, request_id, key)
    return found[0] if found else None


def scope_by_key(person: uuid.UUID, request_id: str, key: uuid.UUID) -> tuple[Scope, bool] | None:
    """The same, and whether the key has idled: for more than a minute, or always. Raises NotFound."""
    return _standing(person, request_id, key)


def scope_in(tenant: uuid.UUID, person: uuid.UUID, request_id: str = "", key: uuid.UUID | None = None) -> Scope:
    """The same where the tenant is known. Raises NotFound."""
    scope = scope_of(person, request_id, key)
    if scope is None or scope.tenant != tenant:
        raise NotFound("There is no such person, or they have been switched off.")
    return scope


def scopes_of(callers: Sequence[tuple[uuid.UUID, uuid.UUID | None]]) -> list[Scope | None]:
    """Those of many (person, key) in one statement, in their order; None where a person or a key is no longer there."""
    with connection.cursor() as cursor:
        cursor.execute(STANDINGS, [[person for person, _ in callers], [key for _, key in callers]])
        rows = cursor.fetchall()
    found: list[Scope | None] = []
    for (person, key), (_, tenant, *rights) in zip(callers, rows, strict=True):
        is_gone = tenant is None or (key is not None and rights[2] is None)
        found.append(None if is_gone else _scope(person, "", key, (tenant, *rights)))
    return found


def holdings_of(people: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """A mark of what each holds by grants now: another one says that something has changed, and not what."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT person, mark FROM chancery.holdings(%s)", [list(people)])
        return dict(cursor.fetchall())


def _standing(person: uuid.UUID, request_id: str, key: uuid.UUID | None) -> tuple[Scope, bool] | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.resolve_person(%s, %s)", [person, key])
        row = cursor.fetchone()
    if row is None:
        return None
    if key is not None and row[3] is None:
        raise NotFound("The key that asked has been revoked, or has expired.")
    return _scope(person, request_id, key, row), row[4]


def _scope(person: uuid.UUID, request_id: str, key: uuid.UUID | None, row: tuple[Any, ...]) -> Scope:
    tenant, roles, groups, key_scopes, _, opened, is_service, service, charged = row
    return Scope(
        tenant=tenant,
        kind=ActorKind.SERVICE if is_service else ActorKind.PERSON,
        actor=person,
        roles=frozenset(Role(role) for role in roles) | {Role.EMPLOYEE},
        groups=frozenset(groups),
        key_scopes=None if key_scopes is None else frozenset(key_scopes),
        key=key,
        opened=frozenset(one for one in CUSTOM_ACTIONS if one in opened),
        service=service,
        charged=charged,
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
        raise access.unseen(Action.PEOPLE_SEE, "person", person, _GONE)
    return found


def offered(
    scope: Scope, words: str = "", *, chosen: Iterable[uuid.UUID] = (), besides: Iterable[uuid.UUID] = ()
) -> Offered:
    """The first of those who are switched on, to choose from; those who are chosen already stand before them."""
    access.require(scope, Action.PEOPLE_SEE)
    there = models.Person.objects.filter(is_active=True, is_service=False)
    text, kept = words.replace("\x00", "").strip(), set(chosen)
    with scope.transaction():
        before = list(there.filter(pk__in=kept).order_by("name", "email")) if kept else []
        rows = there.exclude(pk__in={*besides, *kept})
        if text:
            rows = rows.filter(Q(name__icontains=text) | Q(email__istartswith=text))
        first = list(rows.order_by("name", "email")[: OFFERED_MOST + 1])
    return Offered([*before, *first[:OFFERED_MOST]], is_all=len(first) <= OFFERED_MOST)


def found(scope: Scope, wanted: Wanted, order: Order, number: int = 1) -> Page[models.Person]:
    """A page of the people there are, each with roles and memberships. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    rows = models.Person.objects.filter(is_service=False)
    if wanted.words:
        rows = rows.filter(Q(name__icontains=wanted.words) | Q(email__icontains=wanted.words))
    if wanted.role:
        rows = rows.filter(pk__in=models.RoleAssignment.objects.filter(role=str(wanted.role)).values("person"))
    if wanted.group:
        rows = rows.filter(pk__in=models.Membership.objects.filter(group=wanted.group).values("person"))
    if wanted.is_active is not None:
        rows = rows.filter(is_active=wanted.is_active)
    rows = rows.prefetch_related("role_assignments", "memberships__group")
    with scope.transaction():
        return pages.cut(pages.ordered(rows, order, COLUMNS), number)


def names(scope: Scope, people: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What those are called who are there, switched off or not."""
    access.require(scope, Action.PEOPLE_SEE)
    with scope.transaction():
        return {person.pk: str(person) for person in models.Person.objects.filter(pk__in=set(people))}


def matching(scope: Scope, words: str, amount: int) -> list[models.Person]:
    """By a part of the name, or by how the address begins; whoever is called exactly so comes first."""
    access.require(scope, Action.PEOPLE_SEE)
    text = words.replace("\x00", "").strip()
    either = Q(name__icontains=text) | Q(email__istartswith=text)
    exactly = Case(When(Q(name__iexact=text) | Q(email__iexact=text), then=0), default=1)
    with scope.transaction():
        return list(models.Person.objects.filter(either).order_by(exactly, "name", "email")[:amount])


def counted(scope: Scope) -> tuple[int, int]:
    """How many are switched on, and how many off."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        of = models.Person.objects.filter(is_service=False).aggregate(
            on=Count("pk", filter=Q(is_active=True)), all=Count("pk")
        )
    return of["on"], of["all"] - of["on"]


def _locked(person: uuid.UUID) -> models.Person:
    """A service account is none: see service_accounts.accounts."""
    row = models.Person.objects.select_for_update().filter(pk=person, is_service=False).first()
    if row is None:
        raise access.unseen(Action.PEOPLE_MANAGE, "person", person, _GONE)
    return row


def _require_no_directory(person: uuid.UUID) -> None:
    """A leaver does not come back by hand while the directory says that they have left; one it has let go of may."""
    held = models.DirectoryEntry.objects.filter(person=person, holds_off=True)
    if held.exclude(standing=models.Standing.GONE).exists():
        raise Conflict("The directory has switched them off. Switch them on there, or release them from it first.")
    held.update(holds_off=False)


def _there(person: uuid.UUID) -> models.Person:
    row = _locked(person)
    if row.erased_at:
        raise Conflict("They were erased, and do not come back.")
    return row


def _email(given: str) -> str:
    email = given.strip()
    try:
        validate_email(email)
    except ValidationError:
        raise InvalidInput("Give an e-mail address, such as ada@example.com.") from None
    return email
