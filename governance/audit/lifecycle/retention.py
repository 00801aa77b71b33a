"""How long the words of the record are kept, by class of event; and letting go of what is older, once a day.

A period is the tenant's; without one a class is kept for good. Events are never removed: what goes is their encrypted
payload, and each run is itself an event that says which, so that a verifier can tell it from a theft (`covering`).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db import connection
from django.utils import timezone

from governance import access, models
from governance.actions import Action
from governance.audit import events, rows
from governance.audit.lifecycle import classes, holds
from governance.audit.lifecycle.classes import LEAST, MOST, OF_EVENTS, Class
from governance.audit.vocabulary import Event
from governance.errors import ChanceryError, InvalidInput
from governance.scope import Scope
from governance.sentence import sentence

log = logging.getLogger(__name__)

AT_ONCE = 20_000  # payloads of one class in one transaction, which holds its event too
SHORTENED_COUNTS_AFTER = timedelta(days=7)  # the same in audit.cutoff
RUNS_SHOWN = 20


class Rows(Protocol):
    """What stands in clear above the ground, and goes by a period of its own. Called in the tenant's system transaction."""

    def old(self, scope: Scope, before: datetime) -> tuple[int, int]:
        """How many were last used before then: (those that go, those that a hold keeps)."""

    def let_go(self, scope: Scope, before: datetime, most: int) -> int:
        """Remove at most `most` of those that go; how many they were."""


@dataclass(frozen=True)
class Kept:
    """One class as it stands: `days` is None for good; `next_days` is what counts from `next_at` on, where that differs."""

    of: Class
    days: int | None
    next_days: int | None = None
    next_at: datetime | None = None
    changed_at: datetime | None = None

    @property
    def least(self) -> int:
        return LEAST[self.of]

    @property
    def name(self) -> str:
        return classes.NAMES[self.of]


@dataclass(frozen=True)
class Dry:
    """What a run would do with that number of days."""

    of: Class
    days: int
    goes: int
    held: int


@dataclass(frozen=True)
class Run:
    """One run as the record tells it; `gone` by class."""

    event: uuid.UUID
    at: datetime
    gone: Mapping[str, int]
    holds: int

    @property
    def named(self) -> list[tuple[str, int]]:
        """What went, by the name that people know it by."""
        return [(classes.NAMES[Class(one)], amount) for one, amount in self.gone.items() if amount]


_rows: dict[Class, Rows] = {}


def register(of: Class, store: Rows) -> None:
    _rows[of] = store


def periods(scope: Scope) -> dict[Class, Kept]:
    """Every class, set or not. Raises Forbidden for nobody: what is kept how long is no secret inside the tenant."""
    with scope.transaction():
        found = {Class(row.of): _kept(row) for row in models.Period.objects.all()}
    return {one: found.get(one, Kept(one, None)) for one in Class}


def change(scope: Scope, of: Class, days: int | None) -> None:
    """A longer period counts at once, a shorter one after a week. Raises Forbidden, and InvalidInput out of bounds."""
    access.require(scope, Action.RETENTION_SET)
    _check(of, days)
    with scope.transaction():
        row = models.Period.objects.select_for_update().filter(of=of).first()
        before = row.days if row else None
        if before == days:
            return
        models.Period.objects.update_or_create(
            tenant_id=scope.tenant,
            of=str(of),
            defaults={"days": days, "changed_by": scope.actor, "changed_at": timezone.now()},
        )
        facts = {"class": of, "before": before, "after": days}
        events.record(scope, Event.RETENTION_CHANGED, facts=facts)


def change_all(scope: Scope, wanted: Mapping[Class, int | None]) -> None:
    """All of them, or none. Raises Forbidden and InvalidInput."""
    with scope.transaction():
        for one, days in wanted.items():
            change(scope, one, days)


def dry_run(scope: Scope, wanted: Mapping[Class, int | None] | None = None) -> list[Dry]:
    """What would go now, by the periods that are set or by those that are `wanted`. Nothing is changed. Raises Forbidden."""
    access.require(scope, Action.RETENTION_SEE)
    chosen = {one: kept.days for one, kept in periods(scope).items()} | dict(wanted or {})
    found = []
    for one, days in chosen.items():
        if days is None:
            continue
        _check(one, days)
        found.append(Dry(one, days, *_older(scope.as_system(), one, timezone.now() - timedelta(days=days))))
    return found


def run(tenant: uuid.UUID) -> int:
    """Let go of all that is due; how many payloads and rows went. May run twice, and beside itself."""
    scope, gone = Scope.system(tenant), 0
    while True:
        with scope.transaction():
            holds.lock(scope)
            parts = [part for part in (_let_go(scope, one) for one in Class) if part]
            if parts and (gone == 0 or any(part["amount"] for part in parts)):
                facts = {"classes": [_told(part) for part in parts], "holds": holds.standing()}
                events.record(scope, Event.RETENTION_RUN, facts=facts)
        gone += sum(int(part["amount"]) for part in parts)
        if not any(part["amount"] >= AT_ONCE for part in parts):
            return gone


def run_each(tenants: Iterable[uuid.UUID]) -> int:
    """One tenant after the other; one that fails is tried again the next day, and keeps nobody else waiting."""
    gone = 0
    for tenant in tenants:
        try:
            gone += run(tenant)
        except ChanceryError as fault:
            log.error("retention of tenant %s: %s", tenant, fault.message)
    return gone


def runs(scope: Scope) -> list[Run]:
    """The last ones, the newest first. Raises Forbidden."""
    access.require(scope, Action.RETENTION_SEE)
    with scope.as_system().transaction():
        found = [row.recorded for row in rows.read({"action": str(Event.RETENTION_RUN)}, RUNS_SHOWN)]
    return [
        Run(
            event=one.id,
            at=one.recorded_at,
            gone={part["class"]: part["payloads"] for part in one.facts["classes"]},
            holds=len(one.facts["holds"]),
        )
        for one in found
    ]


def _kept(row: models.Period) -> Kept:
    of, counts_at = Class(row.of), row.changed_at + SHORTENED_COUNTS_AFTER
    is_shorter = row.days is not None and (row.days_before is None or row.days_before > row.days)
    if is_shorter and counts_at > timezone.now():
        return Kept(of, row.days_before, row.days, counts_at, row.changed_at)
    return Kept(of, row.days, changed_at=row.changed_at)


def _check(of: Class, days: int | None) -> None:
    if days is not None and not LEAST[of] <= days <= MOST:
        raise InvalidInput(
            sentence("This is kept for %(least)s to %(most)s days, or for good.", least=LEAST[of], most=MOST)
        )


def _older(system: Scope, of: Class, before: datetime) -> tuple[int, int]:
    with system.transaction():
        if of not in OF_EVENTS:
            return _rows[of].old(system, before) if of in _rows else (0, 0)
        with connection.cursor() as cursor:
            cursor.execute("SELECT goes, held FROM audit.would_let_go(%s, %s)", [str(of), before])
            goes, held = cursor.fetchone()
    return goes, held


def _let_go(scope: Scope, of: Class) -> dict[str, Any] | None:
    """Of one class: what was let go, for the event. None where nothing is set, or it does not count yet."""
    days = periods(scope)[of].days
    if days is None:
        return None
    if of not in OF_EVENTS:
        before = timezone.now() - timedelta(days=days)
        amount = _rows[of].let_go(scope, before, AT_ONCE) if of in _rows else 0
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT before, amount FROM audit.let_go(%s, %s)", [str(of), AT_ONCE])
            found = cursor.fetchone()
        if found is None:
            return None
        before, amount = found
    return {"of": of, "days": days, "before": before, "amount": amount}


def _told(part: Mapping[str, Any]) -> dict[str, Any]:
    """As `covering` reads it; what goes by rows covers no event."""
    of: Class = part["of"]
    named = classes.as_facts(of) if of in OF_EVENTS else {"actions": []}
    told = {"class": of, "days": part["days"], "before": part["before"].isoformat(), "payloads": part["amount"]}
    return told | named
