"""The only permission code. Four questions, one rule compiler:

decide         may this scope do this (to that resource)? With the reason a person can read.
require        the same, raising what the caller is told: "not there" and "not yours" are one answer.
visible        which of these resources?
access_filter  the condition that keeps a query to the permitted rows; `retired_filter` of what was deleted.

Postgres asks the same of the same grants by itself (`chancery.collections`, in the migrations): what is forgotten here
is refused there.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from governance import models, roles
from governance.actions import Action
from governance.errors import Forbidden, NotFound
from governance.roles import CUSTOM_ACTIONS, DIRECTORY_ACTIONS, GRANT_LEVELS, ROLE_ACTIONS, SERVICE_SCOPES, Level, Role
from governance.scope import ActorKind, Scope, Support
from governance.sentence import phrase, sentence

_DENIED = phrase("a grant denies it")
_NO_GRANT = {
    Level.READ: phrase("no grant gives read"),
    Level.CONTRIBUTE: phrase("no grant gives contribute"),
    Level.MANAGE: phrase("no grant gives manage"),
}
_NO_RESOURCE = phrase("no such resource")
_NO_ROLE = phrase("no role allows it")
_ONLY_LOOKS = phrase("a support person only looks, and no further than the organisation opened it")
SUPPORTED = phrase("the organisation opened it to support")
OPENED = phrase("a role of the organisation")
_NOT_HELD = phrase("whoever manages by a grant gives only what they hold, and not beyond the day on which that ends")


@dataclass(frozen=True)
class Decision:
    allowed: bool
    action: Action
    reason: str
    resource: uuid.UUID | None = None
    kind: str = "resource"  # what `resource` is the id of


class Denied(Forbidden):
    """Carries the decision, so that whoever renders the refusal can put it on the record."""

    def __init__(self, message: str, decision: Decision) -> None:
        super().__init__(message)
        self.decision = decision


class NotVisible(NotFound):
    def __init__(self, message: str, decision: Decision) -> None:
        super().__init__(message)
        self.decision = decision


def unseen(action: Action, kind: str, one: uuid.UUID, message: str) -> NotVisible:
    """What a query under `access_filter` raises where it finds nothing: whether it is there is not asked, nor told."""
    return NotVisible(message, Decision(False, action, "not there, or not theirs to see", one, kind))


class Given(Protocol):
    """A grant, as it stands or as it once stood."""

    @property
    def person_id(self) -> uuid.UUID | None: ...
    @property
    def group_id(self) -> uuid.UUID | None: ...
    @property
    def level(self) -> int: ...
    @property
    def denies(self) -> bool: ...
    @property
    def ends_at(self) -> datetime | None: ...


@dataclass(frozen=True)
class Weighed:
    """What a rule comes to on one resource, and the grants that made it so: the denying ones, or those that allow it."""

    allowed: bool
    reason: str
    by: Sequence[Given] = ()


@dataclass(frozen=True)
class Rule:
    """What it takes for one scope to do one thing: compiled once, asked of one row, of many, or as SQL."""

    closed: str = ""  # why nothing can open it, e.g. the key's scopes
    open_by: str = ""  # what opens it on every resource of the tenant
    level: Level | None = None  # the grant that opens it on one resource
    person: uuid.UUID | None = None
    groups: frozenset[uuid.UUID] = frozenset()
    only: frozenset[uuid.UUID] | None = None  # the resources on which `open_by` opens it, where it does not on all

    def holds(self, grants: Iterable[Given], at: datetime | None = None) -> tuple[bool, str]:
        """`grants` are all those on one live resource; at `at` those count that have not ended by then, now without it."""
        weighed = self.weigh(grants, at)
        return weighed.allowed, weighed.reason

    def weigh(self, grants: Iterable[Given], at: datetime | None = None) -> Weighed:
        """The same, with the grants that decided: what an explanation is made of."""
        if self.closed or self.open_by or self.level is None:
            return Weighed(bool(self.open_by) and not self.closed, self.closed or self.open_by or _NO_ROLE)
        moment = at or timezone.now()
        mine = [g for g in grants if self.is_held(g) and (g.ends_at is None or g.ends_at > moment)]
        denying = [g for g in mine if g.denies and g.level <= self.level]
        if denying:
            return Weighed(False, _DENIED, denying)
        best = max((g for g in mine if not g.denies), key=lambda g: g.level, default=None)
        if best is None or best.level < self.level:
            return Weighed(False, _NO_GRANT[self.level])
        reason = f"granted {Level(best.level).name.lower()} {'to a group' if best.group_id else 'to the person'}"
        return Weighed(True, reason, [g for g in mine if not g.denies and g.level >= self.level])

    def is_held(self, grant: Given) -> bool:
        return (grant.person_id is not None and grant.person_id == self.person) or grant.group_id in self.groups

    def condition(self, resource: str, *, retired: bool = False) -> Q:
        """The same as SQL, for a query whose field `resource` names the resource's id; of live ones, or of retired ones."""
        if self.only is not None:
            return Q(pk__in=[]) if retired or self.closed else Q(**{f"{resource}__in": self.only})
        live = models.Resource.objects.filter(pk=OuterRef(resource), retired_at__isnull=not retired)
        if self.closed or (not self.open_by and self.level is None):
            return Q(pk__in=[])
        if self.open_by:
            return Q(Exists(live))
        mine = models.Grant.objects.filter(
            Q(person=self.person) | Q(group__in=self.groups), counting(), resource=OuterRef(resource)
        )
        allows = mine.filter(denies=False, level__gte=self.level)
        denies = mine.filter(denies=True, level__lte=self.level)
        return Q(Exists(live)) & Q(Exists(allows)) & ~Q(Exists(denies))


def counting() -> Q:
    """What has not ended, by Postgres' clock."""
    return Q(ends_at=None) | Q(ends_at__gt=Now())


def compile_rule(scope: Scope, action: Action) -> Rule:
    if scope.key_scopes is not None and not any(action in SERVICE_SCOPES[name] for name in scope.key_scopes):
        return Rule(closed=phrase("the API key's scopes do not include it"))
    if scope.kind is ActorKind.OPERATOR:
        return Rule(closed=phrase("an operator does nothing inside a tenant"))
    if scope.kind is ActorKind.DIRECTORY:
        is_its = action in DIRECTORY_ACTIONS
        return (
            Rule(open_by="the tenant's directory") if is_its else Rule(closed=phrase("a directory provisions people"))
        )
    if scope.kind is ActorKind.SUPPORT:
        return _supporting(scope.support, action)
    if scope.is_system:
        return Rule(open_by="the tenant's own background work")
    if reason := _opened_by(scope, action):
        return Rule(open_by=reason)
    return Rule(level=GRANT_LEVELS.get(action), person=scope.actor, groups=scope.groups)


def _supporting(support: Support | None, action: Action) -> Rule:
    if support is None or action not in roles.SUPPORT_ACTIONS[support.level]:
        return Rule(closed=_ONLY_LOOKS)
    return Rule(open_by=SUPPORTED, only=support.collections)


def _opened_by(scope: Scope, action: Action) -> str:
    """What opens it on every resource; empty where nothing does. A person acts for nobody, whatever their roles."""
    if action is Action.ACT_FOR:
        return "its key may; for whom is asked of its account" if scope.kind is ActorKind.SERVICE else ""
    for role in sorted(scope.roles | {Role.EMPLOYEE}):
        if action in ROLE_ACTIONS[role]:
            return f"role {role}"
    return OPENED if action in scope.opened else ""


def judge(
    scope: Scope, action: Action, grants: Iterable[Given] = (), *, is_live: bool = True, at: datetime | None = None
) -> Weighed:
    """What every decision comes from, and every explanation: of now, or of what stood at `at`.

    The grants of what is not there are asked for as well: else the time that it takes would say whether it is.
    """
    weighed = compile_rule(scope, action).weigh(grants, at)
    return weighed if is_live else Weighed(False, _NO_RESOURCE)


def decide(scope: Scope, action: Action, resource: uuid.UUID | None = None) -> Decision:
    if resource is None:
        weighed = judge(scope, action, is_live=not (scope.support and action in GRANT_LEVELS))
        return Decision(weighed.allowed, action, weighed.reason)
    with scope.transaction():
        is_live = resource in _live(scope, [resource])
        weighed = judge(scope, action, models.Grant.objects.filter(resource=resource), is_live=is_live)
    return Decision(weighed.allowed, action, weighed.reason, resource)


def decide_each(scope: Scope, action: Action, resources: Iterable[uuid.UUID]) -> dict[uuid.UUID, Decision]:
    """The same of many, in two queries: what a page needs that explains somebody's rights."""
    rule, wanted = compile_rule(scope, action), list(resources)
    with scope.transaction():
        live = _live(scope, wanted)
        given: dict[uuid.UUID, list[models.Grant]] = {one: [] for one in live}
        for grant in models.Grant.objects.filter(resource__in=live):
            given[grant.resource_id].append(grant)
    decided = {}
    for one in wanted:
        allowed, reason = rule.holds(given[one]) if one in live else (False, _NO_RESOURCE)
        decided[one] = Decision(allowed, action, reason, one)
    return decided


def _live(scope: Scope, wanted: list[uuid.UUID]) -> set[uuid.UUID]:
    """To a support person none are there but those that were opened, which were live when the opening was looked up."""
    if scope.support is not None:
        return set(wanted) & scope.support.collections
    return set(models.Resource.objects.filter(pk__in=wanted, retired_at=None).values_list("pk", flat=True))


def require(scope: Scope, action: Action, resource: uuid.UUID | None = None) -> Decision:
    decision = decide(scope, action, resource)
    if decision.allowed:
        return decision
    if resource is not None and not decide(scope, Action.COLLECTION_SEE, resource).allowed:
        raise NotVisible("There is nothing here that you may see.", decision)
    raise Denied(
        sentence("You may not do this (%(action)s): %(reason)s.", action=action, reason=decision.reason), decision
    )


def require_to_give(scope: Scope, resource: uuid.UUID, level: Level, until: datetime | None) -> None:
    """Whoever manages by a role gives what they like; by a grant what they hold, and not beyond its end. Raises Denied."""
    rule = compile_rule(scope, Action.COLLECTION_MANAGE)
    if rule.open_by:
        return
    with scope.transaction():
        held = rule.weigh(models.Grant.objects.filter(resource=resource)).by
    ends = [one.ends_at for one in held if one.level >= level]
    latest = None if None in ends else max((end for end in ends if end), default=timezone.now())
    if latest is None or (until is not None and until <= latest):
        return
    decision = Decision(False, Action.COLLECTION_MANAGE, _NOT_HELD, resource)
    message = sentence(
        "You may give this until %(until)s and no longer: then what you hold yourself ends.",
        until=f"{latest:%Y-%m-%d %H:%M} UTC",
    )
    raise Denied(message, decision)


def visible(scope: Scope, action: Action, resources: Iterable[uuid.UUID]) -> frozenset[uuid.UUID]:
    wanted = list(resources)
    if scope.support is not None:  # Postgres shows them no row, to which a condition could be put
        return frozenset(one for one in wanted if decide(scope, action, one).allowed)
    with scope.transaction():
        rows = models.Resource.objects.filter(access_filter(scope, action, "pk"), pk__in=wanted)
        return frozenset(rows.values_list("pk", flat=True))


def access_filter(scope: Scope, action: Action, resource: str = "pk") -> Q:
    return compile_rule(scope, action).condition(resource)


def retired_filter(scope: Scope, action: Action, resource: str = "pk") -> Q:
    """The same of what was deleted and can still come back: those may who could while it was there."""
    return compile_rule(scope, action).condition(resource, retired=True)


def holders(scope: Scope, action: Action, resource: uuid.UUID) -> int:
    """How many people may, of those who are not switched off. Only the number: who they are is told elsewhere."""
    level = GRANT_LEVELS.get(action)
    opens = [str(role) for role, actions in ROLE_ACTIONS.items() if action in actions]
    of_person = Q(person=OuterRef("pk")) | Q(group__memberships__person=OuterRef("pk"))
    mine = models.Grant.objects.filter(of_person, counting(), resource=resource)
    by_role = models.RoleAssignment.objects.filter(counting(), person=OuterRef("pk"), role__in=opens)
    may = Q(Exists(by_role))
    if action in CUSTOM_ACTIONS:
        of_role = models.CustomRoleAssignment.objects.filter(
            of_person, counting(), role__actions__contains=[str(action)]
        )
        may |= Q(Exists(of_role))
    if level is not None:
        may |= Q(Exists(mine.filter(denies=False, level__gte=level))) & ~Q(
            Exists(mine.filter(denies=True, level__lte=level))
        )
    with scope.as_system().transaction():  # a person is shown some of the grants alone
        if not models.Resource.objects.filter(pk=resource, retired_at=None).exists():
            return 0
        people = models.Person.objects.filter(is_active=True, is_service=False)
        return (people if str(Role.EMPLOYEE) in opens else people.filter(may)).count()
