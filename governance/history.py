"""What access rested on at a moment: the history that Postgres keeps of the rows themselves, whoever changed them.

A moment that is still to come is told from what stands now. Before the history began nothing is known, and it is said so.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from django.db.models import Min, Q, QuerySet

from governance import living, models, remembered
from governance.errors import InvalidInput
from governance.remembered import rows
from governance.roles import CUSTOM_ACTIONS, Role, SupportLevel
from governance.scope import ActorKind, Scope
from governance.sentence import sentence


@dataclass(frozen=True)
class Membership:
    group: uuid.UUID
    source: str
    since: datetime


@dataclass(frozen=True)
class Held:
    """A role that was given: a built-in one by its name, or one of the tenant's own by id, to a person or to a group."""

    name: str
    actions: frozenset[str]  # of one of the tenant's own
    custom: uuid.UUID | None
    person: uuid.UUID | None
    group: uuid.UUID | None
    ends_at: datetime | None
    by: uuid.UUID | None
    since: datetime

    def counts(self, at: datetime) -> bool:
        return self.ends_at is None or self.ends_at > at


@dataclass(frozen=True)
class Grant:
    """As `models.Grant`, which the rule asks in the same words."""

    id: uuid.UUID
    resource: uuid.UUID
    person_id: uuid.UUID | None
    group_id: uuid.UUID | None
    level: int
    denies: bool
    ends_at: datetime | None
    by: uuid.UUID | None
    source: str
    since: datetime


@dataclass(frozen=True)
class Opened:
    """What was opened to support, and what it reached; `operator` is None where it was any of them."""

    id: uuid.UUID
    operator: uuid.UUID | None
    level: SupportLevel
    collections: frozenset[uuid.UUID]
    since: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Cleared:
    """Up to which label a person, or everybody in a group, was cleared."""

    person: uuid.UUID | None
    group: uuid.UUID | None
    rank: int


@dataclass
class Then:
    """What stood at one moment, as far as it was asked for."""

    at: datetime
    is_on: bool  # the tenant
    active: set[uuid.UUID] = field(default_factory=set)
    roles: list[Held] = field(default_factory=list)
    memberships: dict[uuid.UUID, list[Membership]] = field(default_factory=dict)
    groups: dict[uuid.UUID, str] = field(default_factory=dict)  # what they were called
    live: set[uuid.UUID] = field(default_factory=set)
    grants: dict[uuid.UUID, list[Grant]] = field(default_factory=dict)
    # The scopes of those that opened something, by person and key.
    keys: dict[tuple[uuid.UUID, uuid.UUID], frozenset[str]] = field(default_factory=dict)
    least: int | None = None  # up to which label everybody was cleared; None for all of them
    clearances: list[Cleared] = field(default_factory=list)

    def groups_of(self, person: uuid.UUID) -> frozenset[uuid.UUID]:
        return frozenset(one.group for one in self.memberships.get(person, ()))

    def roles_of(self, person: uuid.UUID) -> list[Held]:
        """Those that had ended too: an explanation names them."""
        groups = self.groups_of(person)
        return [one for one in self.roles if one.person == person or one.group in groups]

    def clearance(self, person: uuid.UUID) -> int | None:
        """Up to which label they were cleared; None for all of them."""
        groups = self.groups_of(person)
        mine = [one.rank for one in self.clearances if one.person == person or one.group in groups]
        return None if self.least is None else max([self.least, *mine])

    def scope(self, tenant: uuid.UUID, person: uuid.UUID, key: uuid.UUID | None = None) -> Scope | None:
        """Who they were; None for somebody who was switched off, or not there, or whose key opened nothing."""
        if not self.is_on or person not in self.active or (key is not None and (person, key) not in self.keys):
            return None
        held = [one for one in self.roles_of(person) if one.counts(self.at)]
        return Scope(
            tenant=tenant,
            kind=ActorKind.PERSON,
            actor=person,
            roles=frozenset(Role(one.name) for one in held if one.custom is None) | {Role.EMPLOYEE},
            groups=self.groups_of(person),
            key_scopes=None if key is None else self.keys[person, key],
            key=key,
            opened=frozenset(action for action in CUSTOM_ACTIONS if any(action in one.actions for one in held)),
        )


def known_since(scope: Scope) -> datetime:
    """From when on there is a history of this tenant."""
    with scope.transaction():
        found = models.AccessHistory.objects.filter(kind="tenant").aggregate(begun=Min("since"))
    begun: datetime = found["begun"]
    return begun


def labels_known_since(scope: Scope) -> datetime:
    """From when on there is a history of labels, clearances and restrictions, which began later than that of access."""
    with scope.transaction():
        told = models.AccessHistory.objects.filter(kind="tenant", said__has_key="clearance")
        found = told.aggregate(begun=Min("since"))
    begun: datetime = found["begun"]
    return begun


def at(
    scope: Scope,
    moment: datetime,
    *,
    person: uuid.UUID | None = None,
    resources: Iterable[uuid.UUID] = (),
    keys: Iterable[uuid.UUID] = (),
) -> Then:
    """Of one person, or of everybody; with the grants on `resources` and what `keys` opened.

    Raises InvalidInput for a time before the history.
    """
    begun = known_since(scope)
    if moment < begun:
        said = f"{begun:%Y-%m-%d %H:%M} UTC"
        raise InvalidInput(sentence("Who could do what is known from %(since)s on, and not before.", since=said))
    with scope.transaction():
        return _read(moment, person, list(resources), list(keys))


def support_at(scope: Scope, moment: datetime) -> list[Opened]:
    """What was open to support at that moment, and of what it reached that which was live then."""
    with scope.transaction():
        (tenant,) = rows("tenant", moment)
        if tenant.said["switched_off_at"] is not None:
            return []
        reached: dict[uuid.UUID, set[uuid.UUID]] = {}
        for one in rows("support_reach", moment):
            reached.setdefault(uuid.UUID(one.said["access_id"]), set()).add(cast("uuid.UUID", one.resource))
        named = {resource for those in reached.values() for resource in those}
        retired = Q(said__retired_at=None)
        live = set(rows("resource", moment).filter(retired, row__in=named).values_list("row", flat=True))
        accesses = list(rows("support_access", moment))
    return [_opened(one, reached.get(one.row, set()) & live) for one in accesses if _was_open(one.said, moment)]


def _was_open(said: dict[str, Any], moment: datetime) -> bool:
    return bool(said["opened_at"]) and said["closed_at"] is None and remembered.time(said["ends_at"]) > moment


def _opened(one: models.AccessHistory, reached: set[uuid.UUID]) -> Opened:
    said, level = one.said, SupportLevel(one.said["level"])
    collections = frozenset(reached) if level >= SupportLevel.DOCUMENTS else frozenset()
    return Opened(
        one.row,
        remembered.identifier(said["operator"]),
        level,
        collections,
        remembered.time(said["opened_at"]),
        remembered.time(said["ends_at"]),
    )


def _read(moment: datetime, person: uuid.UUID | None, resources: list[uuid.UUID], keys: list[uuid.UUID]) -> Then:
    (tenant,) = rows("tenant", moment)
    found = Then(moment, tenant.said["switched_off_at"] is None)
    found.active = {one.row for one in _of("person", moment, person) if one.said["is_active"]}
    for one in _of("membership", moment, person):
        held = Membership(cast("uuid.UUID", one.group), one.said["source"], one.since)
        found.memberships.setdefault(cast("uuid.UUID", one.person), []).append(held)
    found.groups = {one.row: one.said["name"] for one in rows("group", moment)}
    found.roles = [_role(one) for one in _of("role_assignment", moment, person)] + _custom(moment)
    for one in rows("resource", moment).filter(resource__in=resources):
        found.grants[one.row] = []
        if one.said["retired_at"] is None:
            found.live.add(one.row)
    for one in rows("grant", moment).filter(resource__in=found.grants).order_by("since"):
        found.grants[cast("uuid.UUID", one.resource)].append(_grant(one))
    found.least = tenant.said.get("clearance")
    found.clearances = [Cleared(one.person, one.group, one.said["rank"]) for one in rows("clearance", moment)]
    if keys:
        found.keys = living.keys(tenant, moment, keys)
    return found


def _of(kind: str, moment: datetime, person: uuid.UUID | None) -> QuerySet[models.AccessHistory]:
    found = rows(kind, moment)
    return found if person is None else found.filter(person=person)


def _role(one: models.AccessHistory) -> Held:
    end, by = remembered.end(one.said["ends_at"]), remembered.identifier(one.said["given_by"])
    return Held(one.said["role"], frozenset(), None, one.person, None, end, by, one.since)


def _custom(moment: datetime) -> list[Held]:
    """All of the tenant's own that were given to anybody: they are few, and groups hold most of them."""
    roles = {one.row: one.said for one in rows("custom_role", moment)}
    held = []
    for one in rows("custom_role_assignment", moment):
        role = remembered.identifier(one.said["role_id"])
        if role in roles:
            said = roles[role]
            end, by = remembered.end(one.said["ends_at"]), remembered.identifier(one.said["given_by"])
            held.append(Held(said["name"], frozenset(said["actions"]), role, one.person, one.group, end, by, one.since))
    return held


def _grant(one: models.AccessHistory) -> Grant:
    return Grant(
        id=one.row,
        resource=cast("uuid.UUID", one.resource),
        person_id=one.person,
        group_id=one.group,
        level=one.said["level"],
        denies=one.said["denies"],
        ends_at=remembered.end(one.said["ends_at"]),
        by=remembered.identifier(one.said["granted_by"]),
        source=one.said["source"],
        since=one.since,
    )
