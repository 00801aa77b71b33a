"""Why somebody may, or may not, at any moment: `access.judge` asked of what stood then, with the way it came about.

Told to whoever may run the collection (of that one), to admins (of all), and to everybody of themselves. What tells of others
is recorded.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from governance import access, history, models
from governance.access import Weighed
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import NotFound
from governance.history import Then
from governance.roles import GRANT_LEVELS, ROLE_ACTIONS, Level, Role, SupportLevel
from governance.scope import ActorKind, Scope, Support
from governance.sentence import phrase

OFF = phrase("they are switched off")
TENANT_OFF = phrase("the organisation is switched off")
KEY_OFF = phrase("the API key opens nothing")
# What a way is to the answer.
DECIDES = "decides"
ALSO = "also"  # would do by itself
BEATEN = "beaten"  # by a denial, a key's scopes, or because they are switched off
TOO_LITTLE = "too little"
ENDED = "ended"


@dataclass(frozen=True)
class Way:
    """One way in which somebody holds something: (source →) group → role or grant. `standing` says what it is to the answer."""

    kind: str  # role or grant
    standing: str
    said: str  # the role's name, or the level
    denies: bool = False
    group: uuid.UUID | None = None
    group_name: str = ""
    sources: tuple[str, ...] = ()  # where the membership of the group is from
    member_since: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None
    by: uuid.UUID | None = None
    source: str = ""  # where the grant is from
    grant: uuid.UUID | None = None
    is_custom: bool = False


@dataclass(frozen=True)
class Explanation:
    person: uuid.UUID
    action: Action
    resource: uuid.UUID | None
    at: datetime
    allowed: bool
    reason: str
    ways: tuple[Way, ...]
    key: uuid.UUID | None = None

    @property
    def deciding(self) -> tuple[Way, ...]:
        return tuple(way for way in self.ways if way.standing == DECIDES)

    @property
    def others(self) -> tuple[Way, ...]:
        return tuple(way for way in self.ways if way.standing != DECIDES)


def why(
    scope: Scope,
    person: uuid.UUID,
    action: Action,
    resource: uuid.UUID | None = None,
    *,
    at: datetime | None = None,
    key: uuid.UUID | None = None,
) -> Explanation:
    """Why they may or may not. Raises NotFound, Forbidden, and InvalidInput for a time before the history."""
    _require(scope, person, resource)
    moment = at or timezone.now()
    with scope.transaction():
        if not models.Person.objects.filter(pk=person).exists():
            raise NotFound("There is no such person.")
    then = history.at(scope, moment, person=person, resources=[resource] if resource else (), keys=[key] if key else ())
    found = explained(then, scope.tenant, person, action, resource, key)
    if scope.actor != person:
        _record(scope, action, resource, {"person": person, "of": moment.isoformat(), "allowed": found.allowed})
    return found


def who(scope: Scope, action: Action, resource: uuid.UUID, *, at: datetime | None = None) -> list[Explanation]:
    """Everybody who may, each with how. Raises NotFound, Forbidden, and InvalidInput for a time before the history."""
    _require(scope, None, resource)
    moment = at or timezone.now()
    then = history.at(scope, moment, resources=[resource])
    each = (explained(then, scope.tenant, person, action, resource) for person in then.active)
    found = [one for one in each if one.allowed]
    _record(scope, action, resource, {"of": moment.isoformat(), "people": len(found)})
    return found


@dataclass(frozen=True)
class Supported:
    """Somebody of no role or grant: an operator to whom the tenant opened it. `operator` is None where any of them may."""

    access: uuid.UUID
    operator: uuid.UUID | None
    level: SupportLevel
    since: datetime
    until: datetime
    reason: str


def support(scope: Scope, action: Action, resource: uuid.UUID, *, at: datetime | None = None) -> list[Supported]:
    """Which support persons may, or might at that moment, and until when: told beside `who`, to the same people."""
    _require(scope, None, resource)
    moment = at or timezone.now()
    return [
        Supported(one.id, one.operator, one.level, one.since, one.ends_at, weighed.reason)
        for one, weighed in (
            (one, _supported(scope, one, action, resource)) for one in history.support_at(scope, moment)
        )
        if weighed.allowed
    ]


def _supported(scope: Scope, one: history.Opened, action: Action, resource: uuid.UUID) -> Weighed:
    reach = Support(one.id, one.level, one.collections)
    subject = Scope(scope.tenant, ActorKind.SUPPORT, one.operator, support=reach)
    return access.judge(subject, action, is_live=resource in one.collections)


def explained(
    then: Then,
    tenant: uuid.UUID,
    person: uuid.UUID,
    action: Action,
    resource: uuid.UUID | None = None,
    key: uuid.UUID | None = None,
) -> Explanation:
    """The decision of that moment, and every way there was to it."""
    subject = then.scope(tenant, person, key)
    is_live = resource is None or resource in then.live
    given = then.grants.get(resource, []) if resource else []
    if subject is None:
        weighed = Weighed(False, _absent(then, person))
    else:
        weighed = access.judge(subject, action, given, is_live=is_live, at=then.at)
    ways = _by_role(then, person, action, weighed) + _by_grant(then, person, action, resource, weighed)
    return Explanation(person, action, resource, then.at, weighed.allowed, weighed.reason, tuple(ways), key)


def _absent(then: Then, person: uuid.UUID) -> str:
    if not then.is_on:
        return TENANT_OFF
    return KEY_OFF if person in then.active else OFF


def _by_role(then: Then, person: uuid.UUID, action: Action, weighed: Weighed) -> list[Way]:
    ways = []
    standing_now = (ALSO if weighed.by else DECIDES) if weighed.allowed else BEATEN
    if action in ROLE_ACTIONS[Role.EMPLOYEE]:
        ways.append(Way("role", standing_now, str(Role.EMPLOYEE)))
    for one in then.roles_of(person):
        opens = action in (one.actions if one.custom else ROLE_ACTIONS[Role(one.name)])
        if not opens:
            continue
        standing = standing_now if one.counts(then.at) else ENDED
        through = _through(then, person, one.group)
        ways.append(
            Way(
                "role",
                standing,
                one.name,
                since=one.since,
                until=one.ends_at,
                by=one.by,
                is_custom=one.custom is not None,
                **through,
            )
        )
    return ways


def _by_grant(then: Then, person: uuid.UUID, action: Action, resource: uuid.UUID | None, weighed: Weighed) -> list[Way]:
    if resource is None or action not in GRANT_LEVELS:
        return []
    groups, ways = then.groups_of(person), []
    for one in then.grants.get(resource, ()):
        if one.person_id != person and one.group_id not in groups:
            continue
        ways.append(
            Way(
                "grant",
                _standing(then, one, weighed, GRANT_LEVELS[action]),
                Level(one.level).name.lower(),
                denies=one.denies,
                since=one.since,
                until=one.ends_at,
                by=one.by,
                source=one.source,
                grant=one.id,
                **_through(then, person, one.group_id),
            )
        )
    return ways


def _standing(then: Then, one: history.Grant, weighed: Weighed, level: Level) -> str:
    if one in weighed.by:
        return DECIDES
    if one.ends_at is not None and one.ends_at <= then.at:
        return ENDED
    reaches = one.level <= level if one.denies else one.level >= level
    if not reaches:
        return TOO_LITTLE
    return ALSO if weighed.allowed != one.denies else BEATEN


def _through(then: Then, person: uuid.UUID, group: uuid.UUID | None) -> dict[str, Any]:
    if group is None:
        return {}
    held = [one for one in then.memberships.get(person, ()) if one.group == group]
    return {
        "group": group,
        "group_name": then.groups.get(group, ""),
        "sources": tuple(sorted(one.source for one in held)),
        "member_since": min((one.since for one in held), default=None),
    }


def _require(scope: Scope, person: uuid.UUID | None, resource: uuid.UUID | None) -> None:
    """Everybody of themselves, of what they see; a manager of their collection; an admin of what there is or was."""
    if access.decide(scope, Action.PEOPLE_MANAGE).allowed:
        with scope.transaction():
            if resource is None or models.Resource.objects.filter(pk=resource).exists():
                return
        raise access.unseen(Action.COLLECTION_MANAGE, "collection", resource, "There is nothing here that you may see.")
    if person is not None and person == scope.actor:
        if resource is not None:
            access.require(scope, Action.COLLECTION_SEE, resource)
        return
    if resource is None:
        access.require(scope, Action.PEOPLE_MANAGE)
    access.require(scope, Action.COLLECTION_MANAGE, resource)


def _record(scope: Scope, action: Action, resource: uuid.UUID | None, facts: dict[str, object]) -> None:
    about = ("collection", resource) if resource else None
    events.record(scope, Event.ACCESS_EXPLAINED, resource=about, facts={"action": action} | facts)
