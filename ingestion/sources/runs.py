"""Runs of a source: how each begins, what it counts, and how it ends."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min
from django.utils import timezone

from governance.audit import events
from governance.audit.vocabulary import Event
from governance.scope import Scope
from governance.sentence import phrase
from ingestion.connectors.base import ConnectorFault
from ingestion.models import ItemState, RunState, Source, SourceItem, SourceRun, SourceState
from ingestion.sources.leases import Claim

KIND = "source"
SYNC, LOOK, END = "sync", "look", "end"
KEPT = 50  # runs of a source
PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
COUNTED = ("listed", "new", "changed", "renamed", "brought", "removed", "refused", "failed")
STOPPED = phrase("It was stopped.")


@dataclass(frozen=True)
class Run:
    claimed: Claim
    id: uuid.UUID
    what: str
    is_listed: bool


def begin(claimed: Claim) -> Run | None:
    """The run that is under way, or a new one; None where nothing is to be done."""
    with claimed.held() as source:
        row = SourceRun.objects.filter(pk=source.run).first() if source.run else None
        if row is not None:
            return Run(claimed, row.pk, row.what, row.is_listed)
        is_due = source.state == SourceState.ACTIVE and source.next_run_at and source.next_run_at <= timezone.now()
        if source.state == SourceState.ENDING or not (source.wanted or is_due):
            return None
        made = SourceRun(
            tenant_id=source.tenant_id,
            collection_id=source.collection_id,
            source=source,
            what=source.wanted or SYNC,
            counts=dict.fromkeys(COUNTED, 0),
        )
        made.save(force_insert=True)
        facts = {"collection": source.collection_id, "run": made.pk, "what": made.what, "by": source.wanted_by}
        source.run, source.wanted, source.wanted_by = made.pk, "", None
        events.record(claimed.scope, Event.SOURCE_STARTED, resource=(KIND, source.pk), facts=facts)
    return Run(claimed, made.pk, made.what, is_listed=False)


def count(run: Run, **more: int) -> None:
    """In the transaction that does what is counted."""
    row = SourceRun.objects.select_for_update().get(pk=run.id)
    row.counts |= {name: row.counts.get(name, 0) + number for name, number in more.items()}
    row.save(update_fields=["counts"])


def finish(run: Run) -> None:
    with run.claimed.held() as source:
        row = SourceRun.objects.select_for_update().get(pk=run.id)
        source.failures, source.error, source.remedy = 0, "", ""
        if run.what == SYNC and source.state == SourceState.ACTIVE:
            source.may_remove = source.keeps = False
        _end(run.claimed.scope, source, row, RunState.DONE)


def fail(run: Run, fault: ConnectorFault) -> None:
    """It is tried again by itself, each time after a longer pause."""
    with run.claimed.held() as source:
        row = SourceRun.objects.select_for_update().get(pk=run.id)
        source.failures += 1
        source.error, source.remedy = fault.message[:500], fault.remedy[:500]
        _end(run.claimed.scope, source, row, RunState.FAILED, error=fault.message, remedy=fault.remedy)


def stop(scope: Scope, source: Source) -> None:
    """Take it out of a worker's hands: what it does from here on is lost. In the caller's transaction, which saves the row."""
    row = SourceRun.objects.filter(pk=source.run).first() if source.run else None
    source.lease = source.lease_until = None
    if row is not None:
        _end(scope, source, row, RunState.STOPPED, error=STOPPED)


def _end(scope: Scope, source: Source, row: SourceRun, state: RunState, error: str = "", remedy: str = "") -> None:
    row.state, row.ended_at, row.error, row.remedy = state, timezone.now(), error[:500], remedy[:500]
    row.save()
    source.run = None
    if row.what == SYNC:
        source.next_run_at = _next(source)
    facts = {"collection": source.collection_id, "run": row.pk, "what": row.what, "outcome": state} | {
        name: row.counts.get(name, 0) for name in COUNTED
    }
    payload = {"error": error} if error else None
    events.record(scope, Event.SOURCE_FINISHED, resource=(KIND, source.pk), facts=facts, payload=payload)
    old = SourceRun.objects.filter(source=source).order_by("-created_at").values_list("pk", flat=True)[KEPT:]
    SourceRun.objects.filter(pk__in=list(old)).delete()


def _next(source: Source) -> datetime | None:
    """By its schedule; sooner where something waits to be tried again, later where it has failed."""
    if source.every_minutes is None:
        return None
    every, now = timedelta(minutes=source.every_minutes), timezone.now()
    if source.failures:
        return now + min(max(PAUSE, PAUSE * (1 << min(source.failures - 1, 10))), max(every, LONGEST_PAUSE))
    rows = SourceItem.objects.filter(source=source, state=ItemState.FAILED)
    waits: datetime | None = rows.aggregate(at=Min("retry_at"))["at"]
    return min(now + every, max(waits, now + PAUSE)) if waits else now + every
