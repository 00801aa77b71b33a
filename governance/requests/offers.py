"""What may be asked for: a title and a line, shown to everybody of a tenant or to groups of it, and nothing else of it.

Whoever manages the resource says so. Who hands the decision to a group lets that group give on what they hold themselves,
so that it takes somebody who manages for good.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from governance import access, naming, pages
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput, NotFound
from governance.models import Grant, Group
from governance.pages import Page, Part
from governance.requests import lapsing
from governance.requests.models import AccessRequest, Offer, Status
from governance.roles import Level
from governance.scope import Scope
from governance.sentence import phrase, sentence

KIND = "collection"  # what a resource is called in events and refusals
SUMMARY_MOST, DAYS_MOST, LAPSES_MOST, GROUPS_MOST = 300, 366, 90, 50
GONE = phrase("There is nothing here that may be asked for.")
_NOT_GIVEN = phrase("There is no such group.")


@dataclass(frozen=True)
class Draft:
    """`level_most` is the highest that may be asked for; `groups` are those it is shown to, none for everybody."""

    title: str
    summary: str = ""
    level_most: Level = Level.READ
    approvals: int = 1
    days_most: int = 90
    lapse_days: int = 14
    approvers: uuid.UUID | None = None
    groups: tuple[uuid.UUID, ...] = ()


@dataclass(frozen=True)
class Offered:
    """`level` is what whoever looks holds there already, `lasting` what of it has no end, and `waits` whether they asked."""

    row: Offer
    level: Level | None = None
    waits: bool = False
    lasting: frozenset[Level] = frozenset()

    @property
    def levels(self) -> list[Level]:
        """What is left to ask for."""
        return [one for one in Level if one <= self.row.level_most and one not in self.lasting]


def put(scope: Scope, resource: uuid.UUID, draft: Draft) -> Offer:
    """It may be asked for, from now on like this. Raises NotFound, Forbidden, InvalidInput."""
    access.require(scope, Action.COLLECTION_MANAGE, resource)
    said = _checked(draft)
    if draft.approvers is not None:
        access.require_to_give(scope, resource, draft.level_most, None)
    try:
        with scope.transaction(), transaction.atomic():
            _require_groups(draft)
            before = Offer.objects.select_for_update().filter(resource=resource).first()
            told = _told(before) if before else None
            row, _ = Offer.objects.update_or_create(
                tenant_id=scope.tenant, resource_id=resource, defaults=said | {"offered_by": scope.actor}
            )
            payload = {"before": told, "after": _told(row)}
            events.record(scope, Event.ACCESS_OFFERED, resource=(KIND, resource), facts=_facts(row), payload=payload)
    except IntegrityError:
        raise NotFound(_NOT_GIVEN) from None
    return row


def withdraw(scope: Scope, resource: uuid.UUID) -> None:
    """It may be asked for no more, and what waits lapses. Raises NotFound, Forbidden."""
    access.require(scope, Action.COLLECTION_MANAGE, resource)
    with scope.transaction():
        if not Offer.objects.filter(resource=resource).delete()[0]:
            raise NotFound(GONE)
        open_ = list(AccessRequest.objects.select_for_update().filter(resource=resource, status=Status.OPEN))
        for row in open_:
            lapsing.end(scope, row)
        facts = {"requests": len(open_)}
        events.record(scope, Event.ACCESS_NOT_OFFERED, resource=(KIND, resource), facts=facts)


def of(scope: Scope, resource: uuid.UUID) -> Offer | None:
    """For who manages it. Raises NotFound, Forbidden."""
    access.require(scope, Action.COLLECTION_MANAGE, resource)
    with scope.transaction():
        return Offer.objects.filter(resource=resource).select_related("approvers").first()


def listed(scope: Scope, words: str = "", number: int = 1) -> Page[Offered]:
    """What this person may ask for, by title, with what they hold there. Raises Forbidden."""
    access.require(scope, Action.ACCESS_ASK)
    with scope.transaction():
        page = pages.cut(_with(scope, words).order_by("title", "pk"), number)
        return Page(_offered(scope, page.rows), page.number, page.total, page.size)


def onward(scope: Scope, words: str, cursor: str, most: int) -> tuple[Part[Offered], int]:
    """As `listed`, from where the cursor ended; and how many there are in all. Raises Forbidden, InvalidInput."""
    access.require(scope, Action.ACCESS_ASK)
    with scope.transaction():
        rows = _with(scope, words)
        page = pages.onward(rows, ("title", "pk"), cursor, most)
        return Part(_offered(scope, page.rows), page.next), rows.count()


def _with(scope: Scope, words: str) -> QuerySet[Offer]:
    rows = shown(scope)
    return rows.filter(Q(title__icontains=words) | Q(summary__icontains=words)) if words else rows


def _offered(scope: Scope, rows: Sequence[Offer]) -> list[Offered]:
    held, nothing = _held(scope, [row.resource_id for row in rows]), (None, frozenset[Level]())
    mine = AccessRequest.objects.filter(person=scope.actor, status=Status.OPEN)
    waiting = {row.resource_id for row in mine if row.is_open}
    found = ((row, *held.get(row.resource_id, nothing)) for row in rows)
    return [Offered(row, level, row.resource_id in waiting, lasting) for row, level, lasting in found]


def shown(scope: Scope) -> QuerySet[Offer]:
    """Those that are shown to this person, whatever else they may."""
    to_them = Q(groups=[]) | Q(groups__overlap=list(scope.groups))
    return Offer.objects.filter(to_them, resource__retired_at=None)


def _held(scope: Scope, resources: Iterable[uuid.UUID]) -> dict[uuid.UUID, tuple[Level | None, frozenset[Level]]]:
    """The highest level of each where there is one, and those that have no end."""
    given: dict[uuid.UUID, list[Grant]] = {one: [] for one in resources}
    mine = Q(person=scope.actor) | Q(group__in=scope.groups)
    for grant in Grant.objects.filter(mine, resource__in=given):
        given[grant.resource_id].append(grant)
    rules = {level: access.Rule(level=level, person=scope.actor, groups=scope.groups) for level in Level}
    found = {}
    for one, rows in given.items():
        held = {level: by for level, rule in rules.items() if (by := rule.weigh(rows)).allowed}
        lasting = frozenset(level for level, weighed in held.items() if any(way.ends_at is None for way in weighed.by))
        found[one] = (max(held, default=None), lasting)
    return found


def _checked(draft: Draft) -> dict[str, Any]:
    summary = " ".join(draft.summary.split())
    if len(summary) > SUMMARY_MOST:
        raise InvalidInput(sentence("The line has at most %(most)s characters.", most=SUMMARY_MOST))
    if draft.level_most not in (Level.READ, Level.CONTRIBUTE):
        raise InvalidInput("Reading may be asked for, or reading and adding.")
    if draft.approvals not in (1, 2):
        raise InvalidInput("It takes one approval, or two.")
    if not 1 <= draft.days_most <= DAYS_MOST or not 1 <= draft.lapse_days <= LAPSES_MOST:
        raise InvalidInput(
            sentence(
                "Access is given for 1 to %(days)s days, and a request lapses after 1 to %(lapses)s.",
                days=DAYS_MOST,
                lapses=LAPSES_MOST,
            )
        )
    if len(draft.groups) > GROUPS_MOST:
        raise InvalidInput(sentence("Name at most %(most)s groups.", most=GROUPS_MOST))
    said_of = asdict(draft) | {"title": naming.checked(draft.title), "summary": summary}
    approvers = said_of.pop("approvers")
    return said_of | {"approvers_id": approvers, "groups": sorted(set(draft.groups), key=str)}


def _require_groups(draft: Draft) -> None:
    wanted = {*draft.groups, *([draft.approvers] if draft.approvers else [])}
    if Group.objects.filter(pk__in=wanted).count() < len(wanted):
        raise NotFound(_NOT_GIVEN)


def _facts(row: Offer) -> dict[str, Any]:
    return {
        "level": Level(row.level_most).name.lower(),
        "approvals": row.approvals,
        "days": row.days_most,
        "lapses": row.lapse_days,
        "approvers": row.approvers_id,
        "groups": len(row.groups),
    }


def _told(row: Offer) -> dict[str, Any]:
    told = _facts(row) | {"title": row.title, "summary": row.summary, "groups": [str(one) for one in row.groups]}
    return told | {"approvers": str(row.approvers_id) if row.approvers_id else None}
