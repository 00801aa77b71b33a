"""Groups of people, which grants are given to."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Count, Q

from governance import access, models, naming, pages
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict
from governance.pages import Order, Page
from governance.scope import Scope
from governance.sentence import phrase, sentence

MANUAL = "manual"  # every other source is an identity provider, whose memberships are its own to change
_GONE = phrase("There is no such group.")
COLUMNS = {"name": "name", "members": "members", "grants": "given", "added": "created_at"}


@dataclass(frozen=True)
class Member:
    """`is_manual` may be removed here; `sources` are the identity providers that also, or only, say so."""

    person: models.Person
    is_manual: bool
    sources: tuple[str, ...]


def create(scope: Scope, name: str) -> uuid.UUID:
    """Raises Forbidden, InvalidInput, Conflict."""
    access.require(scope, Action.PEOPLE_MANAGE)
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
    access.require(scope, Action.PEOPLE_MANAGE)
    try:
        with scope.transaction(), transaction.atomic():
            row = _locked(group)
            payload = {"before": {"name": row.name}, "after": {"name": naming.checked(name)}}
            row.name = payload["after"]["name"]
            row.save(update_fields=["name"])
            events.record(scope, Event.GROUP_RENAMED, resource=("group", group), payload=payload)
    except IntegrityError:
        raise Conflict(sentence("There is a group called %(name)s already.", name=name)) from None


def delete(scope: Scope, group: uuid.UUID) -> None:
    """With its memberships and grants: what its members could do through it ends at commit."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        row = _locked(group)
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


def add(scope: Scope, group: uuid.UUID, person: uuid.UUID, *, source: str = MANUAL) -> None:
    """Raises NotFound for a person or group of another tenant."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        there = models.Group.objects.filter(pk=group).exists() and models.Person.objects.filter(pk=person).exists()
        if not there:
            raise access.unseen(Action.PEOPLE_MANAGE, "group", group, "There is no such person or group.")
        models.Membership.objects.get_or_create(tenant_id=scope.tenant, group_id=group, person_id=person, source=source)
        events.record(scope, Event.MEMBER_ADDED, resource=("group", group), facts={"person": person, "source": source})


def remove(scope: Scope, group: uuid.UUID, person: uuid.UUID) -> None:
    """What was added by hand. Raises NotFound, and Conflict for what only the identity provider may change."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        held = models.Membership.objects.filter(group=group, person=person)
        if not held.exists():
            raise access.unseen(Action.PEOPLE_MANAGE, "group", group, "They are not in this group.")
        if not held.filter(source=MANUAL).delete()[0]:
            raise Conflict("The identity provider put them into this group. Take them out there.")
        facts = {"person": person, "source": MANUAL}
        events.record(scope, Event.MEMBER_REMOVED, resource=("group", group), facts=facts)


def get(scope: Scope, group: uuid.UUID) -> models.Group:
    """Raises Forbidden, NotFound."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        found = models.Group.objects.filter(pk=group).first()
    if found is None:
        raise access.unseen(Action.PEOPLE_MANAGE, "group", group, _GONE)
    return found


def members(scope: Scope, group: uuid.UUID) -> list[Member]:
    """By name. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        rows = models.Membership.objects.filter(group=group).select_related("person").order_by("person__name", "pk")
        held: dict[uuid.UUID, list[models.Membership]] = {}
        for row in rows:
            held.setdefault(row.person_id, []).append(row)
    return [
        Member(
            of[0].person,
            any(one.source == MANUAL for one in of),
            tuple(sorted(one.source for one in of if one.source != MANUAL)),
        )
        for of in held.values()
    ]


def memberships(scope: Scope, person: uuid.UUID) -> list[models.Membership]:
    """Of one person, with their groups. Raises Forbidden."""
    access.require(scope, Action.PEOPLE_MANAGE)
    with scope.transaction():
        return list(models.Membership.objects.filter(person=person).select_related("group").order_by("group__name"))


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


def _locked(group: uuid.UUID) -> models.Group:
    row = models.Group.objects.select_for_update().filter(pk=group).first()
    if row is None:
        raise access.unseen(Action.PEOPLE_MANAGE, "group", group, _GONE)
    return row
