"""People as a directory says they are: made, taken into its keeping, changed, switched off and on."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from governance import access, models, people
from governance.actions import Action
from governance.identity.directories import entries
from governance.identity.directories.entries import Taken
from governance.models import Standing
from governance.scope import Scope

Entry = models.DirectoryEntry
PERSON = "person"


@dataclass(frozen=True)
class Account:
    """What a directory says of a person, whole. `active` is None where it says nothing of it."""

    user_name: str
    email: str
    name: str
    external_id: str = ""
    active: bool | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


def create(scope: Scope, account: Account) -> Entry:
    """Raises Taken, InvalidInput, and Conflict for the last admin."""
    access.require(scope, Action.PEOPLE_PROVISION)
    with scope.transaction():
        row, how = _found(scope, account)
        if row is None:
            person = people.create(scope, account.email, account.name)
            row, how = (
                Entry(tenant_id=scope.tenant, directory_id=entries.its(scope), person_id=person, was_made=True),
                "created",
            )
        _say(row, account)
        entries.keep(scope, row, PERSON, how)
        _obey(scope, row, account)
        row.save()
        return entries.entry(scope, PERSON, row.person_id)  # type: ignore[arg-type]


def change(scope: Scope, row: Entry, account: Account) -> Entry:
    """`row` is locked, in the transaction this is in. Raises Taken, InvalidInput, Conflict."""
    access.require(scope, Action.PEOPLE_PROVISION)
    changed = _differences(row, account)
    if not changed and row.standing == Standing.LIVE:
        return row
    _say(row, account)
    _obey(scope, row, account)
    entries.note(scope, row, PERSON, changed)
    return entries.entry(scope, PERSON, row.person_id)  # type: ignore[arg-type]


def remove(scope: Scope, person: uuid.UUID, number: int | None = None) -> None:
    """They are switched off, and the directory sees them no more; their record stays. Raises NotFound, Changed, Conflict."""
    access.require(scope, Action.PEOPLE_PROVISION)
    with scope.transaction():
        row = entries.locked(scope, PERSON, person, number)
        _switch(scope, row, to=False)
        entries.let_go(scope, row, PERSON, "deleted")


def _found(scope: Scope, account: Account) -> tuple[Entry | None, str]:
    """The entry that it is, of one that comes back, was handed over, or may be taken over. Raises Taken."""
    mine = Entry.objects.select_for_update(of=("self",)).filter(directory=scope.actor)
    if mine.filter(user_name__iexact=account.user_name, standing=Standing.LIVE, person__isnull=False).exists():
        raise Taken("There is a user with that userName already.")
    person = models.Person.objects.filter(email__iexact=account.email, erased_at=None).first()
    if person is None:
        back = mine.filter(user_name__iexact=account.user_name, person__isnull=False, person__erased_at=None).first()
        return back, "came back"
    row = mine.filter(person=person).first()
    if row is None:
        _require_takeable(person)
        return Entry(tenant_id=scope.tenant, directory_id=entries.its(scope), person=person), "taken over"
    if row.standing == Standing.LIVE:
        raise Taken("There is a user with that e-mail address already.")
    return row, "came back" if row.standing == Standing.GONE else "accepted"


def _require_takeable(person: models.Person) -> None:
    """Whoever signs in with a password, or holds a role, is not a directory's to rename and to switch off unasked."""
    if person.is_service:
        raise Taken("A program of the house has that address.")
    has_role = (
        models.RoleAssignment.objects.filter(person=person).exists()
        or models.CustomRoleAssignment.objects.filter(person=person).exists()
    )
    if person.has_usable_password() or has_role:
        message = (
            "Somebody is here already with that address. An admin can hand them over, under Sign-in, Provisioning."
        )
        raise Taken(message, about=person.pk)


def _say(row: Entry, account: Account) -> None:
    row.user_name, row.external_id = account.user_name, account.external_id
    row.attributes = account.attributes


def _obey(scope: Scope, row: Entry, account: Account) -> None:
    """What follows from what it says: name, address, and whether they are switched on."""
    person = _person(row)
    if (person.email, person.name) != (account.email, account.name):
        people.change(scope, person.pk, email=account.email, name=account.name)
    if account.active is not None:
        _switch(scope, row, to=account.active)
    row.active = account.active


def _switch(scope: Scope, row: Entry, *, to: bool) -> None:
    """What a hand switched off stays off, whatever a directory says."""
    person = _person(row)
    if not to and person.is_active:
        people.switch_off(scope, person.pk)
        row.holds_off = True
    elif to and row.holds_off:
        people.switch_on(scope, person.pk)
        row.holds_off = False


def _person(row: Entry) -> models.Person:
    assert row.person_id is not None  # noqa: S101  for the type checker
    return models.Person.objects.get(pk=row.person_id)


def _differences(row: Entry, account: Account) -> list[str]:
    """The names of what it says differently now, without a value: they stand in clear."""
    plain = {"userName": row.user_name != account.user_name, "externalId": row.external_id != account.external_id}
    plain["active"] = row.active != account.active
    names = row.attributes.keys() | account.attributes.keys()
    differs = {name for name in names if row.attributes.get(name) != account.attributes.get(name)}
    return [name for name, is_so in plain.items() if is_so] + sorted(one.rpartition(":")[2] for one in differs)
