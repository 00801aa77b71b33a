"""Replays as people see them: started for a reason, watched, stopped, and signed off, which publishes the draft.

Reading words by machine is reading them: it takes the right to open the record, and a reason that is on it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from governance import access, models
from governance.actions import Action as Permission
from governance.audit import events, reading, rows
from governance.audit.vocabulary import Event
from governance.errors import Conflict, InvalidInput
from governance.models import ReplayStatus
from governance.policy import publishing, versions
from governance.policy.replay import tally, tasks, traffic
from governance.policy.rules import Stage
from governance.scope import Scope
from governance.sentence import phrase, sentence

LONGEST = timedelta(days=366)
SHOWN = 50
UNDER_WAY = (ReplayStatus.QUEUED, ReplayStatus.RUNNING)
COUNTED_MOST = 1_000_000
ALL = tuple(Stage)
_GONE = phrase("There is no such replay.")
_KIND = "policy_replay"


def start(
    scope: Scope, number: int, since: datetime, until: datetime, reason: str, stages: Iterable[Stage] = ALL
) -> models.PolicyReplay:
    """Try this version of the policy, as its rules are now, on what was recorded from `since` on and before `until`.

    A period ends by now at the latest: what is still to come is no traffic. Raises Forbidden, NotFound, InvalidInput, and
    Conflict while another one is under way.
    """
    _require(scope)
    said, wanted = reading.checked_reason(reason), frozenset(stages)
    since, until = _period(since, until)
    if not wanted:
        raise InvalidInput("Choose at least one kind of text.")
    version = versions.get(scope, number)
    with scope.transaction():
        versions.one_at_a_time(scope)
        if models.PolicyReplay.objects.filter(status__in=UNDER_WAY).exists():
            raise Conflict("A replay is under way already. Wait for it, or stop it.")
        counted = rows.tally(traffic.wanted(since, until, wanted), COUNTED_MOST)
        row = models.PolicyReplay.objects.create(
            tenant_id=scope.tenant,
            person=scope.person,
            draft=version.pk,
            draft_number=version.number,
            draft_sha256=version.sha256,
            rules=version.rules,
            since=since,
            until=until,
            stages=sorted(str(stage) for stage in wanted),
            total=sum(counted.values()),
            found=tally.empty(),
        )
        facts = {
            "draft": {"version": version.number, "sha256": version.sha256},
            "since": since.isoformat(),
            "until": until.isoformat(),
            "stages": row.stages,
            "beginnings": row.total,
        }
        events.record(
            scope, Event.POLICY_REPLAY_STARTED, resource=(_KIND, row.pk), facts=facts, payload={"reason": said}
        )
        transaction.on_commit(lambda: tasks.ring(scope.tenant, row.pk))
    return row


def listed(scope: Scope) -> list[models.PolicyReplay]:
    """The newest first, without what they found. Raises Forbidden."""
    access.require(scope, Permission.POLICY_SEE)
    with scope.transaction():
        rows_ = models.PolicyReplay.objects.defer("rules", "found", "report")
        return list(rows_.order_by("-created_at", "-pk")[:SHOWN])


def get(scope: Scope, replay: uuid.UUID) -> models.PolicyReplay:
    """Raises Forbidden, NotFound."""
    access.require(scope, Permission.POLICY_SEE)
    with scope.transaction():
        return _found(replay)


def cancel(scope: Scope, replay: uuid.UUID) -> models.PolicyReplay:
    """Stop it; whoever works on it sees that its token is gone. May be said twice. Raises Forbidden, NotFound."""
    _require(scope)
    with scope.transaction():
        row = _found(replay, is_locked=True)
        if row.status in UNDER_WAY:
            row.status, row.finished_at, row.lease, row.lease_until = ReplayStatus.CANCELLED, timezone.now(), None, None
            row.save(update_fields=["status", "finished_at", "lease", "lease_until"])
            facts = {"fault": "cancelled", "seen": row.seen}
            events.record(scope, Event.POLICY_REPLAY_ENDED, resource=(_KIND, row.pk), facts=facts)
    return row


def sign_off(scope: Scope, replay: uuid.UUID) -> models.PolicyVersion:
    """Publish the draft on the strength of what the replay found.

    Raises Forbidden, NotFound, and Conflict where the replay has no result, or the draft is another one by now; and what
    publishing itself refuses.
    """
    access.require(scope, Permission.POLICY_MANAGE)
    with scope.transaction():
        row = _found(replay, is_locked=True)
        if row.status != ReplayStatus.DONE:
            raise Conflict("Only a replay that came to its end can be signed off.")
        version = models.PolicyVersion.objects.filter(pk=row.draft).first()
        if version is None or version.sha256 != row.draft_sha256:
            raise Conflict("The draft was changed since it was replayed. Replay it again before you publish it.")
        facts = {"draft": {"version": row.draft_number, "sha256": row.draft_sha256}, "report": row.report_sha256}
        events.record(scope, Event.POLICY_REPLAY_SIGNED, resource=(_KIND, row.pk), facts=facts)
        published = publishing.publish(scope, version.number, row.draft_sha256)
        row.signed_by, row.signed_at = scope.actor, timezone.now()
        row.save(update_fields=["signed_by", "signed_at"])
    return published


def _require(scope: Scope) -> None:
    for right in (Permission.POLICY_SEE, Permission.RECORD_OPEN):
        access.require(scope, right)


def _period(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    until = min(until, datetime.now(UTC))
    if not since < until:
        raise InvalidInput("A period begins before it ends, and before now.")
    if until - since > LONGEST:
        raise InvalidInput(sentence("A period has at most %(most)s days.", most=LONGEST.days))
    return since, until


def _found(replay: uuid.UUID, *, is_locked: bool = False) -> models.PolicyReplay:
    rows_ = models.PolicyReplay.objects.select_for_update() if is_locked else models.PolicyReplay.objects.all()
    row = rows_.filter(pk=replay).first()
    if row is None:
        raise access.unseen(Permission.POLICY_SEE, _KIND, replay, _GONE)
    return row
