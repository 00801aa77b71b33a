"""The ledger: every verdict as a row with its reasons, written with the event that it belongs to, read by officers.

It finds a blocked prompt; the words of it stand in the record alone, and open there for a reason.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, Unpack

from django.db.models import Count, Q, QuerySet

from governance import access, models
from governance.actions import Action as Permission
from governance.audit import reading, selection
from governance.errors import InvalidInput
from governance.policy.engine import Decision, Verdict
from governance.policy.rules import UNKNOWN, Action, Stage
from governance.scope import Scope
from governance.sentence import sentence

REASON_LONGEST = 500
ERROR_LONGEST = 200
LIMIT_MAX = 500
COUNTED_MOST = 10_000
NO_RULE = "no rule had anything against it"
ACTIONS = tuple(str(action) for action in Action)
STAGES = tuple(str(stage) for stage in Stage)


class Filters(TypedDict, total=False):
    """All of them hold at once; an empty one is none. Times are those of the ledger: `since` on, before `until`."""

    interaction: uuid.UUID | None
    person: uuid.UUID | None
    collection: uuid.UUID | None
    subject: uuid.UUID | None
    rule: str
    detector: str
    stage: str
    actions: Sequence[str]
    failed: bool
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True)
class Page:
    """Newest first. `next` is the cursor of what is older; None where there is nothing."""

    rows: list[models.PolicyDecision]
    next: str | None


def rows(
    scope: Scope,
    verdict: Verdict,
    event: uuid.UUID,
    *,
    interaction: uuid.UUID,
    stage: Stage,
    subject_id: uuid.UUID | None,
    part: str,
) -> list[models.PolicyDecision]:
    """A row for each decision; one without a rule where the text passed. Not written yet."""
    policy, shelves = verdict.policy or UNKNOWN, verdict.place.collections or ()
    common = {
        "tenant_id": scope.tenant,
        "person": scope.actor,
        "interaction": interaction,
        "event": event,
        "stage": str(stage),
        "subject_id": subject_id,
        "collection": next(iter(shelves)) if len(shelves) == 1 else None,
        "part": part,
        "policy_version": policy.number,
        "policy_sha256": policy.sha256,
    }
    told = [_of(decision) for decision in verdict.decisions] or [_passed(verdict)]
    return [models.PolicyDecision(**common, **one) for one in told]


def write(rows: Iterable[models.PolicyDecision]) -> None:
    """In the transaction of their events."""
    models.PolicyDecision.objects.bulk_create(rows)


def listed(scope: Scope, *, cursor: str | None = None, limit: int = 100, **filters: Unpack[Filters]) -> Page:
    """Raises Forbidden, and InvalidInput for a cursor, a limit or a filter that there is not. The look is recorded."""
    access.require(scope, Permission.RECORD_READ)
    if not 1 <= limit <= LIMIT_MAX:
        raise InvalidInput(sentence("A page has 1 to %(most)s verdicts.", most=LIMIT_MAX))
    wanted = _condition(filters)
    if cursor:
        place = selection.place(cursor, side="before")
        wanted &= Q(created_at__lt=place["before_at"]) | Q(created_at=place["before_at"], pk__lt=place["before_id"])
    with scope.transaction():
        rows = list(_matching(wanted).order_by("-created_at", "-pk")[: limit + 1])
        shown = rows[:limit]
        told = _told(filters) | ({"cursor": cursor} if cursor else {})
        reading.note(scope, {"ledger": told}, verdicts=len(shown))
    more = len(rows) > limit
    return Page(shown, selection.cursor(shown[-1].created_at, shown[-1].pk) if more else None)


def tallied(scope: Scope, **filters: Unpack[Filters]) -> dict[str, int]:
    """How many rows of each action match, the strongest action first, of at most COUNTED_MOST. Numbers alone, of which no
    reading is recorded. Raises Forbidden, InvalidInput.
    """
    access.require(scope, Permission.RECORD_READ)
    with scope.transaction():
        newest = _matching(_condition(filters)).order_by("-created_at", "-pk").values("pk")[:COUNTED_MOST]
        rows = models.PolicyDecision.objects.filter(pk__in=newest).values_list("action").annotate(Count("pk"))
        found = dict(rows.order_by())
    return {action: found[action] for action in ACTIONS[::-1] if action in found}


def rules(scope: Scope) -> list[str]:
    """The names that occur on the ledger, for a filter. Raises Forbidden."""
    access.require(scope, Permission.RECORD_READ)
    with scope.transaction():
        found = models.PolicyDecision.objects.filter(tenant=scope.tenant).exclude(rule="")
        return list(found.order_by("rule").values_list("rule", flat=True).distinct())


def _matching(wanted: Q) -> QuerySet[models.PolicyDecision]:
    return models.PolicyDecision.objects.filter(wanted)


def _condition(filters: Filters) -> Q:
    _require_known(filters.get("actions") or (), ACTIONS)
    _require_known([stage] if (stage := filters.get("stage")) else (), STAGES)
    if "\x00" in filters.get("rule", "") + filters.get("detector", ""):
        raise InvalidInput("No rule and no detector has such a name.")
    names = {"subject": "subject_id", "actions": "action__in", "since": "created_at__gte", "until": "created_at__lt"}
    wanted = Q()
    for name, value in filters.items():
        if name == "failed":
            wanted &= ~Q(error="") if value else Q()
        elif value:
            wanted &= Q((names.get(name, name), value))
    return wanted


def _require_known(given: Sequence[str], known: Sequence[str]) -> None:
    if not set(given) <= set(known):
        raise InvalidInput(sentence("Choose one of: %(known)s.", known=", ".join(known)))


def _told(filters: Filters) -> dict[str, Any]:
    """For the record. A rule is told by its name as it is known here, so that no free text gets there in clear."""
    told: dict[str, Any] = {name: value for name, value in filters.items() if value}
    for name in ("rule", "detector"):
        if name in told and not models.PolicyDecision.objects.filter(**{name: told[name]}).exists():
            told[name] = "unknown"
    return {
        name: value.isoformat()
        if isinstance(value, datetime)
        else str(value)
        if isinstance(value, uuid.UUID)
        else value
        for name, value in told.items()
    }


def _of(decision: Decision) -> dict[str, Any]:
    return {
        "rule": decision.rule,
        "detector": decision.detector,
        "action": str(decision.action),
        "score": decision.score,
        "threshold": decision.threshold,
        "reason": decision.reason[:REASON_LONGEST],
        "spans": [list(span) for span in decision.spans],
        "latency_ms": decision.latency_ms,
        "error": decision.error[:ERROR_LONGEST],
    }


def _passed(verdict: Verdict) -> dict[str, Any]:
    return {
        "rule": "",
        "detector": "",
        "action": str(verdict.action),
        "score": 0.0,
        "threshold": 0.0,
        "reason": NO_RULE,
        "latency_ms": verdict.latency_ms,
    }
