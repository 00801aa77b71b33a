"""Openings that need a second officer: one asks and says why, another approves or declines, and both are on the record.

Where the reason stands is the record: its event's payload, encrypted as every other. The row says where it stands.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from governance import access
from governance.actions import Action
from governance.audit import events, reading, rows
from governance.audit.officers import permits
from governance.audit.officers.models import Case, Opening
from governance.audit.vocabulary import Event
from governance.errors import Conflict, Forbidden, InvalidInput, NotFound
from governance.scope import Scope
from governance.sentence import sentence

WAITS_FOR = timedelta(hours=24)
HOLDS_FOR = timedelta(hours=1)
SHOWN_MOST = 100
KINDS = ("interaction", "event", "case")
CASE_LONGEST = 80


@dataclass(frozen=True)
class Asked:
    """`reason` and `case` are empty where they are not told, or no longer kept."""

    row: Opening
    reason: str = ""
    case: str = ""

    @property
    def is_over(self) -> bool:
        return self.row.expires_at <= timezone.now()

    @property
    def interaction(self) -> uuid.UUID | None:
        return self.row.target if self.row.kind == "interaction" else None


def checked_case(case: str) -> str:
    """The number of a file elsewhere. Raises InvalidInput."""
    number = case.replace("\x00", "").strip()
    if len(number) > CASE_LONGEST:
        raise InvalidInput(sentence("A case's number has at most %(most)s characters.", most=CASE_LONGEST))
    return number


def ask(scope: Scope, kind: str, target: uuid.UUID, reason: str, case: str = "") -> Opening:
    """Raises Forbidden, InvalidInput, NotFound, and Conflict where it waits already or needs nobody."""
    access.require(scope, Action.RECORD_OPEN)
    if kind not in KINDS:
        raise InvalidInput("What is opened is an interaction, an event, or a case.")
    if scope.actor is None or not permits.is_needed(scope):
        raise Conflict("Nobody needs to approve it here. Open it with a reason.")
    said, number = reading.checked_reason(reason), checked_case(case)
    until = timezone.now() + WAITS_FOR
    row = Opening(tenant_id=scope.tenant, kind=kind, target=target, asked_by=scope.actor, expires_at=until)
    with scope.transaction():
        interaction = _interaction(kind, target)
        if _live().filter(asked_by=scope.actor, target=target, status=Opening.WAITING).exists():
            raise Conflict("You have asked for it already, and it waits for another officer.")
        row.event = events.record(
            scope,
            Event.OPENING_ASKED,
            interaction=interaction,
            facts={"opening": row.pk, kind: target, "until": until.isoformat()},
            payload={"reason": said} | ({"case": number} if number else {}),
        )
        row.save(force_insert=True)
    return row


def decide(scope: Scope, opening: uuid.UUID, *, approves: bool) -> Opening:
    """Raises Forbidden (to whoever asked, too), NotFound, and Conflict where it was decided or has run out."""
    access.require(scope, Action.RECORD_OPEN)
    with scope.transaction():
        row = Opening.objects.filter(pk=opening).first()
        if row is None:
            raise NotFound("There is no such request.")
        if scope.actor is None or row.asked_by == scope.actor:
            raise Forbidden("Nobody approves what they have asked for. Another officer has to.")
        row = Opening.objects.select_for_update().filter(pk=opening, status=Opening.WAITING).first()
        if row is None or row.expires_at <= timezone.now():
            raise Conflict("It was decided already, or has waited too long.")
        row.status, row.decided_by = (Opening.APPROVED if approves else Opening.DECLINED), scope.actor
        row.decided_at = timezone.now()
        row.expires_at = row.decided_at + HOLDS_FOR if approves else row.expires_at
        row.save(update_fields=["status", "decided_by", "decided_at", "expires_at"])
        events.record(
            scope,
            Event.OPENING_APPROVED if approves else Event.OPENING_DECLINED,
            interaction=row.target if row.kind == "interaction" else None,
            facts={"opening": row.pk, row.kind: row.target, "asked_by": row.asked_by}
            | ({"until": row.expires_at.isoformat()} if approves else {}),
        )
    return row


def waiting(scope: Scope) -> list[Asked]:
    """Those that wait, oldest first, with why: whoever is to approve has to know. That they were read is recorded.

    Raises Forbidden.
    """
    access.require(scope, Action.RECORD_OPEN)
    with scope.transaction():
        found = list(_live().filter(status=Opening.WAITING).order_by("created_at")[:SHOWN_MOST])
        told = [_told(scope, row) for row in found]
        if found:
            reading.note(scope, {"openings": sorted(str(row.pk) for row in found)})
    return told


def decided(scope: Scope) -> list[Asked]:
    """The latest that were decided, or that nobody decided in time; newest first, without their reasons."""
    access.require(scope, Action.RECORD_OPEN)
    with scope.transaction():
        over = Opening.objects.filter(~Q(status=Opening.WAITING) | Q(expires_at__lte=timezone.now()))
        return [Asked(row) for row in over.order_by("-created_at")[:SHOWN_MOST]]


def amount(scope: Scope) -> int:
    """How many wait for this officer to decide."""
    if scope.actor is None or not access.decide(scope, Action.RECORD_OPEN).allowed:
        return 0
    with scope.transaction():
        return _live().filter(status=Opening.WAITING).exclude(asked_by=scope.actor).count()


def mine(scope: Scope, *targets: uuid.UUID) -> Asked | None:
    """One's own latest question for one of these that still waits, holds, or was declined within the day."""
    if scope.actor is None:
        return None
    since: datetime = timezone.now() - WAITS_FOR
    with scope.transaction():
        asked = Opening.objects.filter(asked_by=scope.actor, target__in=targets, created_at__gte=since)
        row = (
            asked.filter(Q(status=Opening.DECLINED) | Q(expires_at__gt=timezone.now())).order_by("-created_at").first()
        )
        return _told(scope, row) if row else None


def _live() -> QuerySet[Opening]:
    return Opening.objects.filter(expires_at__gt=timezone.now())


def _told(scope: Scope, row: Opening) -> Asked:
    found: Iterable[rows.Row] = rows.read({"id": str(row.event)}, 1)
    for one in found:
        payload = rows.opened(scope, one).payload or {}
        return Asked(row, payload.get("reason", ""), payload.get("case", ""))
    return Asked(row)


def _interaction(kind: str, target: uuid.UUID) -> uuid.UUID | None:
    """Of what is to be opened. Raises NotFound where the record knows of none."""
    if kind == "case":
        if not Case.objects.filter(pk=target).exists():
            raise NotFound("There is no such case.")
        return None
    found = rows.read({"interaction" if kind == "interaction" else "id": str(target)}, 1)
    if not found:
        raise NotFound("The record knows of nothing by that number.")
    return found[0].recorded.interaction
