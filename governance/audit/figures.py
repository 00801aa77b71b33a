"""The record in numbers: what happened by day, which rules spoke most, and how far sealing is behind. No words, no names.

Numbers alone: as with `reading.tallied` no reading is recorded.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from django.db import connection

from governance.audit import health, proofs, reading
from governance.audit.health import Lag
from governance.audit.proofs import Standing
from governance.audit.selection import DENIED
from governance.audit.tree import heads
from governance.audit.tree.heads import Head
from governance.audit.vocabulary import Event
from governance.scope import Scope

SPANS = (7, 30, 90)
HEADS_SHOWN = 8
SIGNED_LOOKED_AT = 200  # heads, for the time that signing takes


@dataclass
class Day:
    """One day of UTC: events in all, questions, answers by their end, verdicts by what they were, and denials."""

    day: date
    events: int = 0
    questions: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    denied: int = 0
    looks: int = 0  # readings, openings, searches and exports of the record itself


@dataclass(frozen=True)
class Spoke:
    rule: str
    action: str
    amount: int


@dataclass(frozen=True)
class Signing:
    """In seconds, from an event's recording to the first signed head over it; None where no head was signed yet."""

    median: float | None
    longest: float | None


@dataclass(frozen=True)
class Figures:
    span: int
    days: list[Day]
    rules: list[Spoke]

    def total(self, name: str) -> int:
        return sum(getattr(day, name) for day in self.days)

    def ends(self, status: str) -> int:
        return sum(day.ends[status] for day in self.days)

    def verdicts(self, action: str) -> int:
        return sum(day.verdicts[action] for day in self.days)


@dataclass(frozen=True)
class Seal:
    lag: Lag
    signing: Signing
    standing: Standing
    heads: Sequence[Head]


LOOKS = {Event.RECORD_READ, Event.RECORD_OPENED, Event.RECORD_SEARCHED, Event.RECORD_EXPORTED}


def over(scope: Scope, span: int) -> Figures:
    """The last `span` days, today among them. Raises Forbidden."""
    reading.require(scope)
    today = datetime.now(UTC).date()
    days = {one: Day(one) for one in (today - timedelta(days=back) for back in reversed(range(span)))}
    since = datetime.combine(min(days), datetime.min.time(), UTC)
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT day, action, outcome, amount FROM audit.figures(%s)", [since])
        for day, action, outcome, amount in cursor.fetchall():
            if day in days:  # an event of the first second of tomorrow is not today's
                _count(days[day], action, outcome, amount)
        cursor.execute("SELECT rule, action, amount FROM audit.rules(%s)", [since])
        rules = [Spoke(*row) for row in cursor.fetchall()]
    return Figures(span, list(days.values()), rules)


def seal(scope: Scope) -> Seal:
    """How far the record is sealed, signed, witnessed and verified. Raises Forbidden."""
    reading.require(scope)
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT seconds FROM audit.signed_after(%s)", [SIGNED_LOOKED_AT])
        took = [max(seconds, 0.0) for (seconds,) in cursor.fetchall()]  # a clock that was set back between gives less
        newest = heads.newest(HEADS_SHOWN)
    signing = Signing(statistics.median(took), max(took)) if took else Signing(None, None)
    return Seal(health.lag(scope), signing, proofs.standing(scope), newest)


def _count(day: Day, action: str, outcome: str, amount: int) -> None:
    day.events += amount
    if action == Event.PROMPT_RECEIVED:
        day.questions += amount
    elif action == Event.ANSWER_FINISHED:
        day.ends[outcome] += amount
    elif action == Event.POLICY_DECIDED:
        day.verdicts[outcome] += amount
    elif outcome == DENIED:
        day.denied += amount
    elif action in LOOKS:
        day.looks += amount
