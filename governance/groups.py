"""Groups of people, which grants are given to."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Count, Q

from governance import access, memberships, models, naming, pages
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict
from governance.memberships import HAND, Named, Origin, Source
from governance.pages import Order, Page
from governance.scope import ActorKind, Scope
from governance.sentence import phrase, sentence

_GONE = phrase("There is no such group.")
COLUMNS = {"name": "name", "members": "members", "grants": "given", "added": "created_at"}


@dataclass(frozen=True)
class Member:
    """Somebody in a group, or a group that somebody is in. `origins` say by whose word; only a hand's is taken away here."""

    person: models.Person
    group: models.Group
    origins: tuple[Named, ...]

    @property
    def is_manual(self) -> bool:
        return any(one.source is Source.MANUAL for one in self.origins)


def create(scope: Scope, name: str) -> uuid.UUID:
    """Raises Forbidden, InvalidInput, Conflict."""
    access.require(scope, Action.PEOPLE_PROVISION)
    group = models.Group(tenant_id=scope.tenant, name=naming.checked(name))
    try:
        with scope.transaction(), transaction.atomic():
            group.save(force_insert=True)
            events.record(scope, Event.GROUP_CREATED, resource=("group", group.pk), payload={"name": group.name})
    except IntegrityError:
        raise Conflict(sentence("There is a group called %(name)s already.", name=group.name)) from None
    return group.pk


def rename(scope: Scope, group: uuid.UUID, name: str) -> None:
    """Raises Forbidden, NotFound, InvalidInput, Conflict."""
    access.require(scope, Action.PEOPLE_PROVISION)
    try:
        with scope.transaction(), transaction.atomic():
            row = _locked(group)
            _require_ours(scope, group)
            payload = {"before": {"name": row.name}, "after": {"name": naming.checked(name)}}
            row.name = payload["after"]["name"]
            row.save(update_fields=["name"])
            events.record(scope, Event.GROUP_RENAMED, resource=("group", group), payload=payload)
    except IntegrityError:
        raise Conflict(sentence("There is a group called %(name)s already.", name=name)) from None


def delete(scope: Scope, group: uuid.UUID) -> None:
    """With its memberships and grants: what its members could do through it ends at commit. Raises Conflict for a directory's."""
    access.require(scope, Action.PEOPLE_PROVISION)
    with scope.transaction():
        row = _locked(group)
        _require_ours(scope, group)
        members = sorted({str(one) for one in row.memberships.values_list("person", flat=True)})
        given = [
            {"resource": str(one.resource_id), "level": one.level, "denies": one.denies} for one in row.grants.all()
        ]
        models.Group.objects.filter(pk=group).delete()
        events.record(
            scope,
            Event.GROUP_DELETED,
            resource=("group", group),
            facts={"members": len(members), "grants": len(given)},
            payload={"before": {"name": row.name, "members": members, "grants": given}, "after": None},
        )


def add(scope: Scope, group: uuid.UUID, person: uuid.UUID) -> None:
    """By hand. Raises NotFound for a person or group of another tenant."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        there = models.Group.objects.filter(pk=group).exists() and models.Person.objects.filter(pk=person).exists()
        if not there:
            raise access.unseen(Action.PEOPLE_MANAGE, "group", group, "There is no such person or group.")
        memberships.hold(scope, group, person, HAND)


def remove(scope: Scope, group: uuid.UUID, person: uuid.UUID) -> None:
    """What was added by hand. Raises NotFound, and Conflict for what only the identity provider may change."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        if not models.Membership.objects.filter(group=group, person=person).exists():
            raise access.unseen(Action.PEOPLE_MANAGE, "group", group, "They are not in this group.")
        gone = Origin(Source.CLAIM)  # nobody else could end what a provider gave that is gone
        if not any(memberships.leave(scope, group, person, one) for one in (HAND, gone)):
            raise Conflict("The identity provider put them into this group. Take them out there.")


def get(scope: Scope, group: uuid.UUID) -> models.Group:
    """Raises Forbidden, NotFound."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        found = models.Group.objects.filter(pk=group).first()
    if found is None:
        raise access.unseen(Action.PEOPLE_MANAGE, "group", group, _GONE)
    return found


def members(scope: Scope, group: uuid.UUID) -> list[Member]:
    """By name. Raises Forbidden, NotFound."""
    get(scope, group)
    with scope.transaction():
        rows = models.Membership.objects.filter(group=group).select_related("person", "group")
        return _together(rows.order_by("person__name", "person"))


def of(scope: Scope, person: uuid.UUID) -> list[Member]:
    """Of one person, by the group's name. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        rows = models.Membership.objects.filter(person=person).select_related("person", "group")
        return _together(rows.order_by("group__name", "group"))


def _together(rows: Iterable[models.Membership]) -> list[Member]:
    held: dict[tuple[uuid.UUID, uuid.UUID], list[models.Membership]] = {}
    for row in rows:
        held.setdefault((row.group_id, row.person_id), []).append(row)
    names = memberships.names(row for of in held.values() for row in of)
    return [Member(of[0].person, of[0].group, memberships.named(of, names)) for of in held.values()]


def found(scope: Scope, words: str, order: Order, number: int = 1) -> Page[models.Group]:
    """A page of groups, each with `members` and `given`, how many grants it holds. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    rows = models.Group.objects.annotate(
        members=Count("memberships__person", distinct=True),
        given=Count("grants", distinct=True, filter=Q(grants__resource__retired_at=None)),
    )
    if words:
        rows = rows.filter(name__icontains=words)
    with scope.transaction():
        return pages.cut(pages.ordered(rows, order, COLUMNS), number)


def listed(scope: Scope) -> list[models.Group]:
    access.require(scope, Action.PEOPLE_SEE)
    with scope.transaction():
        return list(models.Group.objects.order_by("name"))


def _require_ours(scope: Scope, group: uuid.UUID) -> None:
    """A group that a directory keeps is called and deleted by it alone: else it would be made anew with the next call."""
    kept = models.DirectoryEntry.objects.filter(group=group).exclude(standing=models.Standing.GONE)
    if scope.kind is not ActorKind.DIRECTORY and kept.exists():
        raise Conflict("A directory keeps this group. Change it there, or release it first.")


def _locked(group: uuid.UUID) -> models.Group:
    row = models.Group.objects.select_for_update().filter(pk=group).first()
    if row is None:
        raise access.unseen(Action.PEOPLE_MANAGE, "group", group, _GONE)
    return row
