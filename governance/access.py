"""The only permission code. Four questions, one rule compiler:

decide         may this scope do this (to that resource)? With the reason a person can read.
require        the same, raising what the caller is told: "not there" and "not yours" are one answer.
visible        which of these resources?
access_filter  the condition that keeps a query to the permitted rows.

Postgres asks the same of the same grants by itself (`chancery.collections`, in the migrations): what is forgotten here
is refused there.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from governance import models
from governance.actions import Action
from governance.errors import Forbidden, NotFound
from governance.roles import GRANT_LEVELS, KEY_SCOPES, ROLE_ACTIONS, Level, Role
from governance.scope import ActorKind, Scope
from governance.sentence import phrase, sentence

_DENIED = phrase("a grant denies it")
_NO_GRANT = {
    Level.READ: phrase("no grant gives read"),
    Level.CONTRIBUTE: phrase("no grant gives contribute"),
    Level.MANAGE: phrase("no grant gives manage"),
}
_NO_RESOURCE = phrase("no such resource")
_NO_ROLE = phrase("no role allows it")


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


@dataclass(frozen=True)
class Rule:
    """What it takes for one scope to do one thing: compiled once, asked of one row, of many, or as SQL."""

    closed: str = ""  # why nothing can open it, e.g. the key's scopes
    open_by: str = ""  # what opens it on every resource of the tenant
    level: Level | None = None  # the grant that opens it on one resource
    person: uuid.UUID | None = None
    groups: frozenset[uuid.UUID] = frozenset()

    def holds(self, grants: Iterable[models.Grant]) -> tuple[bool, str]:
        """`grants` are all those on one live resource."""
        if self.closed or self.open_by or self.level is None:
            return bool(self.open_by) and not self.closed, self.closed or self.open_by or _NO_ROLE
        mine = [g for g in grants if g.person_id == self.person or g.group_id in self.groups]
        if any(g.denies and g.level <= self.level for g in mine):
            return False, _DENIED
        best = max((g for g in mine if not g.denies), key=lambda g: g.level, default=None)
        if best is None or best.level < self.level:
            return False, _NO_GRANT[self.level]
        return True, f"granted {Level(best.level).name.lower()} {'to a group' if best.group_id else 'to the person'}"

    def condition(self, resource: str) -> Q:
        """The same as SQL, for a query whose field `resource` names the resource's id."""
        live = models.Resource.objects.filter(pk=OuterRef(resource), retired_at=None)
        if self.closed or (not self.open_by and self.level is None):
            return Q(pk__in=[])
        if self.open_by:
            return Q(Exists(live))
        mine = models.Grant.objects.filter(
            Q(person=self.person) | Q(group__in=self.groups), resource=OuterRef(resource)
        )
        allows = mine.filter(denies=False, level__gte=self.level)
        denies = mine.filter(denies=True, level__lte=self.level)
        return Q(Exists(live)) & Q(Exists(allows)) & ~Q(Exists(denies))


def compile_rule(scope: Scope, action: Action) -> Rule:
    if scope.key_scopes is not None and not any(action in KEY_SCOPES[name] for name in scope.key_scopes):
        return Rule(closed=phrase("the API key's scopes do not include it"))
    if scope.kind is ActorKind.OPERATOR:
        return Rule(closed=phrase("an operator does nothing inside a tenant"))
    if scope.is_system:
        return Rule(open_by="the tenant's own background work")
    for role in sorted(scope.roles | {Role.EMPLOYEE}):
        if action in ROLE_ACTIONS[role]:
            return Rule(open_by=f"role {role}")
    return Rule(level=GRANT_LEVELS.get(action), person=scope.actor, groups=scope.groups)


def decide(scope: Scope, action: Action, resource: uuid.UUID | None = None) -> Decision:
    rule = compile_rule(scope, action)
    if resource is None:
        allowed, reason = rule.holds(())
        return Decision(allowed, action, reason)
    with scope.transaction():
        if not models.Resource.objects.filter(pk=resource, retired_at=None).exists():
            return Decision(False, action, _NO_RESOURCE, resource)
        allowed, reason = rule.holds(models.Grant.objects.filter(resource=resource))
    return Decision(allowed, action, reason, resource)


def decide_each(scope: Scope, action: Action, resources: Iterable[uuid.UUID]) -> dict[uuid.UUID, Decision]:
    """The same of many, in two queries: what a page needs that explains somebody's rights."""
    rule, wanted = compile_rule(scope, action), list(resources)
    with scope.transaction():
        live = set(models.Resource.objects.filter(pk__in=wanted, retired_at=None).values_list("pk", flat=True))
        given: dict[uuid.UUID, list[models.Grant]] = {one: [] for one in live}
        for grant in models.Grant.objects.filter(resource__in=live):
            given[grant.resource_id].append(grant)
    decided = {}
    for one in wanted:
        allowed, reason = rule.holds(given[one]) if one in live else (False, _NO_RESOURCE)
        decided[one] = Decision(allowed, action, reason, one)
    return decided


def require(scope: Scope, action: Action, resource: uuid.UUID | None = None) -> Decision:
    decision = decide(scope, action, resource)
    if decision.allowed:
        return decision
    if resource is not None and not decide(scope, Action.COLLECTION_SEE, resource).allowed:
        raise NotVisible("There is nothing here that you may see.", decision)
    raise Denied(
        sentence("You may not do this (%(action)s): %(reason)s.", action=action, reason=decision.reason), decision
    )


def visible(scope: Scope, action: Action, resources: Iterable[uuid.UUID]) -> frozenset[uuid.UUID]:
    wanted = list(resources)
    with scope.transaction():
        rows = models.Resource.objects.filter(access_filter(scope, action, "pk"), pk__in=wanted)
        return frozenset(rows.values_list("pk", flat=True))


def access_filter(scope: Scope, action: Action, resource: str = "pk") -> Q:
    return compile_rule(scope, action).condition(resource)
