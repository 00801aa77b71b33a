"""Groups as a directory says they are. Its members are memberships of source SCIM; what hands and claims gave is not its own."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from governance import access, groups, memberships, models
from governance.actions import Action
from governance.errors import InvalidInput
from governance.identity.directories import entries
from governance.identity.directories.entries import Taken
from governance.memberships import Origin, Source
from governance.models import Standing
from governance.scope import Scope
from governance.sentence import sentence

Entry = models.DirectoryEntry
GROUP = "group"


def create(scope: Scope, name: str, external_id: str, members: Collection[uuid.UUID]) -> Entry:
    """A group of that name that is not the directory's own is never taken over: Taken. Raises InvalidInput."""
    access.require(scope, Action.PEOPLE_PROVISION)
    with scope.transaction():
        row, how = _found(scope, name)
        if row is None:
            group = groups.create(scope, name)
            row, how = (
                Entry(tenant_id=scope.tenant, directory_id=entries.its(scope), group_id=group, was_made=True),
                "created",
            )
        row.external_id = external_id
        entries.keep(scope, row, GROUP, how)
        _replace(scope, row, members)
        return entries.entry(scope, GROUP, row.group_id)  # type: ignore[arg-type]


def change(scope: Scope, row: Entry, name: str, external_id: str, members: Collection[uuid.UUID] | None) -> Entry:
    """`row` is locked, in the transaction this is in; members None leaves them. Raises Taken, InvalidInput."""
    access.require(scope, Action.PEOPLE_PROVISION)
    assert row.group_id is not None  # noqa: S101  for the type checker
    group = models.Group.objects.get(pk=row.group_id)
    changed = []
    if group.name != name:
        if models.Group.objects.filter(name=name).exists():
            raise Taken("There is a group with that displayName already.")
        groups.rename(scope, group.pk, name)
        changed.append("displayName")
    if row.external_id != external_id:
        row.external_id = external_id
        changed.append("externalId")
    if members is not None and _replace(scope, row, members):
        changed.append("members")
    if changed or row.standing != Standing.LIVE:
        entries.note(scope, row, GROUP, changed)
    return entries.entry(scope, GROUP, group.pk)


def members(scope: Scope, found: Collection[uuid.UUID]) -> dict[uuid.UUID, list[models.Person]]:
    """Of each of these groups, those whom the directory put there, by name. What others gave is not shown to it."""
    access.require(scope, Action.PEOPLE_PROVISION)
    told: dict[uuid.UUID, list[models.Person]] = {group: [] for group in found}
    with scope.transaction():
        rows = memberships.of(Origin(Source.SCIM, entries.its(scope))).filter(group__in=list(found))
        for row in rows.select_related("person").order_by("person__name", "person"):
            told[row.group_id].append(row.person)
    return told


def of_people(scope: Scope, found: Collection[uuid.UUID]) -> dict[uuid.UUID, list[models.Group]]:
    """Of each of these people, the groups that the directory put them into, by name."""
    access.require(scope, Action.PEOPLE_PROVISION)
    told: dict[uuid.UUID, list[models.Group]] = {person: [] for person in found}
    with scope.transaction():
        rows = memberships.of(Origin(Source.SCIM, entries.its(scope))).filter(person__in=list(found))
        for row in rows.select_related("group").order_by("group__name"):
            told[row.person_id].append(row.group)
    return told


def remove(scope: Scope, group: uuid.UUID, number: int | None = None) -> None:
    """What it gave ends. The group goes only where the directory made it and nothing else rests on it.

    Raises NotFound, Changed.
    """
    access.require(scope, Action.PEOPLE_PROVISION)
    with scope.transaction():
        row = entries.locked(scope, GROUP, group, number)
        entries.let_go(scope, row, GROUP, "deleted")
        if row.was_made and not _is_used(group):
            groups.delete(scope, group)


def _found(scope: Scope, name: str) -> tuple[Entry | None, str]:
    group = models.Group.objects.filter(name=name).first()
    if group is None:
        return None, ""
    row = Entry.objects.select_for_update(of=("self",)).filter(directory=scope.actor, group=group).first()
    if row is None:
        message = "A group of that name is here already, made by hand. An admin can hand it over, under Sign-in, Provisioning."
        raise Taken(message, about=group.pk)
    if row.standing == Standing.LIVE:
        raise Taken("There is a group with that displayName already.")
    return row, "came back" if row.standing == Standing.GONE else "accepted"


def _replace(scope: Scope, row: Entry, wanted: Collection[uuid.UUID]) -> bool:
    """Raises InvalidInput for somebody whom the directory does not keep."""
    origin = Origin(Source.SCIM, row.directory_id)
    rows = memberships.of(origin).filter(group=row.group_id)
    before, after = set(rows.values_list("person_id", flat=True)), set(wanted)
    if before == after:
        return False
    if unknown := after - before - entries.known(scope, after - before):
        raise InvalidInput(sentence("There is no user %(id)s to be a member.", id=min(map(str, unknown))))
    memberships.replace_members(scope, row.group_id, after, origin)  # type: ignore[arg-type]
    return True


def _is_used(group: uuid.UUID) -> bool:
    """By a hand's or a claim's members, by a grant or a role, or by a line of a provider's list."""
    return (
        models.Membership.objects.filter(group=group).exists()
        or models.Grant.objects.filter(group=group).exists()
        or models.ProviderGroup.objects.filter(group=group).exists()
        or models.CustomRoleAssignment.objects.filter(group=group).exists()
    )
