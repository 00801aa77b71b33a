"""Deciding what others asked for. Who decides what is worked out in one place, in Postgres: `chancery.decidable`.

Those who manage the collection, or the group that was named for it; admins where there are too few of them. Nobody decides
what they asked for themselves, and nobody approves twice. What is given in the end is an ordinary grant: the lowest level
and the shortest time of all who approved.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from governance import access, grants, models, people
from governance.actions import Action
from governance.audit.vocabulary import Event
from governance.errors import Conflict, Forbidden, InvalidInput
from governance.grants import Held
from governance.requests.asking import CLOSED, GONE, KIND
from governance.requests.lapsing import record
from governance.requests.models import AccessRequest, Offer, Status
from governance.roles import Level
from governance.scope import Scope
from governance.sentence import sentence

ANSWER_MOST, SHOWN_MOST = 1000, 100


@dataclass(frozen=True)
class Waiting:
    """A request with who asked, and how many approvals it takes; `by` are the names of those who approved already."""

    row: AccessRequest
    who: str
    needed: int
    by: tuple[str, ...] = ()

    @property
    def levels(self) -> list[Level]:
        return [one for one in Level if one <= self.row.level]


@dataclass(frozen=True)
class Behind:
    """What stands behind a grant that was asked for."""

    request: uuid.UUID
    asked_at: datetime
    by: tuple[str, ...]

    def told(self) -> dict[str, Any]:
        return {"id": self.request, "asked_at": self.asked_at.isoformat(), "approved_by": list(self.by)}


def amount(person: uuid.UUID) -> tuple[int, bool]:
    """How many wait for them to decide, and whether asking concerns them at all: something is offered, asked, or waits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT awaiting, is_any FROM chancery.asking(%s)", [person])
        awaiting, is_any = cursor.fetchone() or (0, False)
    return awaiting, is_any


def waiting(scope: Scope) -> list[Waiting]:
    """For this person to decide, oldest first. Raises Forbidden."""
    access.require(scope, Action.ACCESS_DECIDE)
    with scope.transaction():
        rows = AccessRequest.objects.filter(pk__in=_decidable(scope)).select_related("person")
        found = list(rows.order_by("created_at")[:SHOWN_MOST])
        offers = {one.resource_id: one for one in Offer.objects.filter(resource__in=[row.resource_id for row in found])}
        names = _names(found)
        return [
            Waiting(row, str(row.person), offers[row.resource_id].approvals, _approvers(row, names))
            for row in found
            if row.resource_id in offers
        ]


def decided(scope: Scope) -> list[Waiting]:
    """What this person decided, the latest first. Raises Forbidden."""
    access.require(scope, Action.ACCESS_DECIDE)
    with scope.transaction():
        rows = AccessRequest.objects.filter(deciders__contains=[scope.actor]).select_related("person")
        found = list(rows.order_by("-decided_at", "-created_at")[:20])
        names = _names(found)
        return [Waiting(row, str(row.person), len(row.approvals), _approvers(row, names)) for row in found]


def get(scope: Scope, request: uuid.UUID) -> AccessRequest:
    """One's own, or one that is theirs to decide, or was. Raises NotFound."""
    with scope.transaction():
        theirs = Q(person=scope.actor) | Q(deciders__contains=[scope.actor]) | Q(pk__in=_decidable(scope))
        row = AccessRequest.objects.filter(theirs, pk=request).first()
    if row is None:
        raise access.unseen(Action.ACCESS_DECIDE, KIND, request, GONE)
    return row


def approve(scope: Scope, request: uuid.UUID, level: Level | None = None, days: int | None = None) -> AccessRequest:
    """As it was asked for, or less. Raises NotFound, Forbidden, InvalidInput, Conflict."""
    access.require(scope, Action.ACCESS_DECIDE)
    with scope.transaction():
        row, offer = _held(scope, request)
        level, days = Level(row.level) if level is None else level, row.days if days is None else days
        if level > row.level or not 1 <= days <= row.days:
            raise InvalidInput("Give what was asked for, or less: no higher level, and no longer time.")
        if offer.approvers_id is None:
            access.require_to_give(scope, row.resource_id, level, timezone.now() + timedelta(days=days))
        by = {"person": str(scope.person), "level": int(level), "days": days, "at": timezone.now().isoformat()}
        row.approvals = [*row.approvals, by]
        row.deciders = [*row.deciders, scope.person]
        given, needed = _standing(row), offer.approvals
        if given >= needed:
            _give(scope, row)
        row.save(update_fields=["approvals", "deciders", "status", "decided_at", "given_level", "given_until", "grant"])
        facts = {"level": level.name.lower(), "days": days, "approvals": given, "needed": needed}
        record(scope, Event.ACCESS_APPROVED, row, **facts)
    return row


def refuse(scope: Scope, request: uuid.UUID, answer: str) -> AccessRequest:
    """With words for whoever asked. Raises NotFound, Forbidden, InvalidInput, Conflict."""
    access.require(scope, Action.ACCESS_DECIDE)
    words = answer.replace("\x00", "").strip()
    with scope.transaction():
        row, _offer = _held(scope, request)
        if not words or len(words) > ANSWER_MOST:
            raise InvalidInput(sentence("Say why not, in 1 to %(most)s characters.", most=ANSWER_MOST), param="answer")
        row.status, row.decided_at, row.answer = Status.REFUSED, timezone.now(), words
        row.deciders = [*row.deciders, scope.person]
        row.save(update_fields=["status", "decided_at", "answer", "deciders"])
        record(scope, Event.ACCESS_REFUSED, row, payload={"answer": words})
    return row


def behind(scope: Scope, given: Iterable[uuid.UUID]) -> dict[uuid.UUID, Behind]:
    """Who asked for those grants when, and who approved it, as far as this scope sees the requests."""
    with scope.transaction():
        rows = list(AccessRequest.objects.filter(grant__in=set(given)))
        names = _names(rows)
        return {row.grant: Behind(row.pk, row.created_at, _approvers(row, names)) for row in rows if row.grant}


def _held(scope: Scope, request: uuid.UUID) -> tuple[AccessRequest, Offer]:
    """Locked, and theirs to decide."""
    row = AccessRequest.objects.select_for_update().filter(pk=request).first()
    if row is None:
        raise access.unseen(Action.ACCESS_DECIDE, KIND, request, GONE)
    if row.person_id == scope.actor:
        raise Forbidden("Nobody decides what they have asked for themselves.")
    if row.pk not in _decidable(scope):
        if not row.is_open:
            raise Conflict(CLOSED)
        if scope.actor in row.deciders:
            raise Conflict("You have approved it already.")
        raise access.unseen(Action.ACCESS_DECIDE, KIND, request, GONE)
    return row, Offer.objects.get(resource=row.resource_id)


def _decidable(scope: Scope) -> list[uuid.UUID]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.decidable(%s)", [scope.actor])
        return [one for (one,) in cursor.fetchall()]


def _standing(row: AccessRequest) -> int:
    """How many of the approvals count: whose account is gone or switched off by now answers for nothing any more."""
    return sum(people.scope_of(uuid.UUID(one["person"])) is not None for one in row.approvals)


def _give(scope: Scope, row: AccessRequest) -> None:
    subject = people.scope_of(row.person_id)
    if subject is None:
        raise Conflict("They are switched off. Refuse it, or let it lapse.")
    level = Level(min(one["level"] for one in row.approvals))
    until = timezone.now() + timedelta(days=min(one["days"] for one in row.approvals))
    on_it = list(models.Grant.objects.filter(resource=row.resource_id))
    mine = access.Rule(level=level, person=subject.actor, groups=subject.groups).weigh(on_it)
    if any(one.denies for one in mine.by):
        raise Conflict("A denial stands against it, and beats what is given. Lift it first, or refuse.")
    grant = grants.give_as_asked(scope, row.resource_id, row.person_id, Held(level, until=until))
    row.status, row.decided_at, row.grant = Status.APPROVED, timezone.now(), grant.pk
    row.given_level, row.given_until = level, until


def _approvers(row: AccessRequest, names: dict[uuid.UUID, str]) -> tuple[str, ...]:
    return tuple(names.get(uuid.UUID(one["person"]), "") for one in row.approvals)


def _names(rows: Iterable[AccessRequest]) -> dict[uuid.UUID, str]:
    wanted = {uuid.UUID(one["person"]) for row in rows for one in row.approvals}
    return {one.pk: str(one) for one in models.Person.objects.filter(pk__in=wanted)}


def told(row: AccessRequest) -> dict[str, Any]:
    """For programs. Which resource it is, is told once it was given."""
    return {
        "id": row.pk,
        "title": row.title,
        "person": row.person_id,
        "level": Level(row.level).name.lower(),
        "days": row.days,
        "reason": row.reason,
        "status": row.standing,
        "asked_at": row.created_at.isoformat(),
        "lapses_at": row.lapses_at.isoformat(),
        "decided_at": row.decided_at.isoformat() if row.decided_at else None,
        "answer": row.answer,
        "given": {
            "collection": row.resource_id,
            "level": Level(row.given_level).name.lower(),
            "until": row.given_until.isoformat() if row.given_until else None,
        }
        if row.given_level
        else None,
        "approvals": [
            {"person": one["person"], "level": Level(one["level"]).name.lower(), "days": one["days"], "at": one["at"]}
            for one in row.approvals
        ],
    }
