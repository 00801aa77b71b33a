"""A replay at work, in stretches: each batch commits what it found and where it goes on, so that a worker may die at any time.

A row is the truth and a message a doorbell: a token with an end says who works on it, and whoever lost it changes nothing.
"""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from governance import access, leases, models, people
from governance.actions import Action as Permission
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import ChanceryError, RecordUnavailable
from governance.leases import LeaseLostError
from governance.models import ReplayStatus
from governance.policy import documents, versions
from governance.policy.replay import comparing, tally, traffic
from governance.policy.replay.traffic import Text
from governance.policy.rules import Policy, Stage, Stamp
from governance.scope import Scope

STRETCH_S = 5.0  # a worker has other things to do in between
BATCH_S = 10.0  # after which what was read is put down, well within the lease
ATTEMPTS = 3  # in a row that come to nothing


class ComesToNothing(Exception):
    """Every worker that took it died, or was stopped by something nobody foresaw."""


# Whoever is in the middle of a batch holds the row, and is at work whatever its lease says.
REPLAYS = leases.Lease(
    models.PolicyReplay,
    timedelta(seconds=30),
    free=Q(status=ReplayStatus.QUEUED) | Q(status=ReplayStatus.RUNNING) & leases.RUN_OUT,
    mine=Q(status=ReplayStatus.RUNNING),
    skips=True,
)
Claim = leases.Claim[models.PolicyReplay]


def stretch(tenant: uuid.UUID, replay: uuid.UUID, seconds: float = STRETCH_S) -> bool:
    """Go on with it for a while; True where there is more to do. May be called twice, and by two at once.

    Raises RecordUnavailable, and whatever a detector's own process dies of: the sweep tries again.
    """
    claimed = claim(tenant, replay)
    if claimed is None:
        return False
    try:
        return _work(claimed, time.monotonic() + seconds)
    except LeaseLostError:
        return False
    except RecordUnavailable:
        raise
    except ComesToNothing:
        _fail(claimed, "came_to_nothing")
    except ChanceryError as fault:
        _fail(claimed, fault.code)
    return False


def claim(tenant: uuid.UUID, replay: uuid.UUID) -> Claim | None:
    """Take one that waits, or one whose worker let its lease run out; None where there is nothing to take."""
    return REPLAYS.take(tenant, replay, status=ReplayStatus.RUNNING, attempts=F("attempts") + 1)


def due(amount: int = 20) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """(tenant, replay) of what waits and of what was left by a worker that died."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, id FROM chancery.due_replays(%s)", [amount])
        return [(tenant, replay) for tenant, replay in cursor.fetchall()]


def _work(claimed: Claim, until: float) -> bool:
    row = _begin(claimed)
    bench = _Bench(claimed.scope, row)
    while _batch(claimed, bench):
        if time.monotonic() >= until:
            return claimed.release(status=ReplayStatus.QUEUED)
    return False


def _begin(claimed: Claim) -> models.PolicyReplay:
    """Whoever started it may have lost the right to since. Raises Forbidden or NotFound."""
    with claimed.scope.transaction():
        row = models.PolicyReplay.objects.get(pk=claimed.pk)
    who = people.scope_in(claimed.scope.tenant, row.person)
    for right in (Permission.POLICY_SEE, Permission.RECORD_OPEN):
        access.require(who, right)
    if row.attempts > ATTEMPTS:
        raise ComesToNothing
    return row


def _batch(claimed: Claim, bench: _Bench) -> bool:
    """The next events and all that belongs to them, in the transaction that keeps what they came to; False at the end.

    Fewer where they take long: a rule that asks a model takes seconds for a text.
    """
    ends = time.monotonic() + BATCH_S
    with claimed.scope.transaction():
        row = claimed.locked()
        stages = frozenset(Stage(stage) for stage in row.stages)
        found = traffic.following(claimed.scope, traffic.wanted(row.since, row.until, stages), row.place)
        if not found:
            _finish(claimed, row)
            return False
        read = 0
        for beginning in found:
            for text in traffic.texts_of(claimed.scope, beginning, stages):
                bench.try_out(row.found, text)
            read += 1
            if time.monotonic() >= ends:
                break
        claimed.change(
            found=row.found,
            place=traffic.place_of(beginning),
            seen=row.seen + read,
            attempts=0,
            lease_until=Now() + REPLAYS.lasts,
        )
    return True


class _Bench:
    """The draft, and beside it each version that was in force, read once."""

    def __init__(self, scope: Scope, row: models.PolicyReplay) -> None:
        self._scope = scope
        self._draft = Policy(Stamp(row.draft_number, row.draft_sha256), documents.read_all(row.rules))
        self._were: dict[int, Policy] = {}

    def try_out(self, found: tally.Found, text: Text) -> None:
        if text.text is None:
            tally.count_unreadable(found, text)
            return
        was = self._in_force(text.version)
        before, after = comparing.judged([was, self._draft], text.stage, text.text, text.place)
        tally.count(found, text, comparing.compare(before, after), was.stamp.number)

    def _in_force(self, number: int) -> Policy:
        """By the number that the verdict names; what was decided before versions had one is held against today's."""
        if number not in self._were:
            row = models.PolicyVersion.objects.filter(number=number).first()
            self._were[number] = versions.compiled(row) if row else versions.in_force(self._scope)
        return self._were[number]


def _finish(claimed: Claim, row: models.PolicyReplay) -> None:
    draft = Stamp(row.draft_number, row.draft_sha256)
    period = {"since": row.since.isoformat(), "until": row.until.isoformat()}
    report = tally.report(row.found, draft, period, row.stages)
    facts = {
        "draft": draft.as_json(),
        "report": tally.sha256(report),
        "changes": row.found["changes"],
        "texts": row.found["texts"],
    }
    claimed.change(
        status=ReplayStatus.DONE,
        report=report,
        report_sha256=tally.sha256(report),
        finished_at=timezone.now(),
        lease=None,
        lease_until=None,
    )
    events.record(claimed.scope, Event.POLICY_REPLAYED, resource=("policy_replay", row.pk), facts=facts)


def _fail(claimed: Claim, fault: str) -> None:
    try:
        with claimed.scope.transaction():
            claimed.change(
                status=ReplayStatus.FAILED,
                fault=fault,
                finished_at=timezone.now(),
                lease=None,
                lease_until=None,
            )
            facts = {"fault": fault}
            events.record(claimed.scope, Event.POLICY_REPLAY_ENDED, resource=("policy_replay", claimed.pk), facts=facts)
    except LeaseLostError:
        return
