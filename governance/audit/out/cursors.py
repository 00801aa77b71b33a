"""How far each target has got: one worker at a time holds a cursor, and only what has arrived moves it."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone

from governance import models
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.scope import Scope

LEASE = timedelta(seconds=60)
LONGEST_PAUSE_S = 60.0
TOLD_AT = 3  # failures in a row: below, it is a restart that nobody need read of
ERROR_LONGEST = 500


class LeaseLost(Exception):
    """Another worker has the cursor now."""


@dataclass(frozen=True)
class Claim:
    scope: Scope  # the tenant's system scope; the installation's own log has one too
    target: uuid.UUID
    lease: uuid.UUID
    next_index: int
    next_head: int
    failures: int


def ensure(tenant: uuid.UUID, target: uuid.UUID, next_index: int = 0, next_head: int = 1) -> None:
    """A cursor at that place, unless there is one. Inside a transaction of the tenant."""
    row = models.ForwardCursor(
        pk=uuid.uuid4(), tenant_id=tenant, target=target, next_index=next_index, next_head=next_head
    )
    models.ForwardCursor.objects.bulk_create([row], ignore_conflicts=True)


def due(installed: list[uuid.UUID], amount: int) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """(tenant, target) of what is sealed, has not arrived, and may be tried now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant, target FROM chancery.due_forwards(%s::uuid[], %s)", [installed, amount])
        return [(tenant, target) for tenant, target in cursor.fetchall()]


def claim(tenant: uuid.UUID, target: uuid.UUID) -> Claim | None:
    """None where another worker has it, where it is too early to try again, and where there is no cursor."""
    scope, now = Scope.system(tenant), timezone.now()
    with scope.transaction():
        row = models.ForwardCursor.objects.select_for_update().filter(target=target).first()
        if row is None or (row.lease_until and row.lease_until > now) or (row.next_try_at and row.next_try_at > now):
            return None
        row.lease, row.lease_until = uuid.uuid4(), now + LEASE
        row.save(update_fields=["lease", "lease_until"])
    return Claim(scope, target, row.lease, row.next_index, row.next_head, row.failures)


def advance(held: Claim, next_index: int, next_head: int, sent: int) -> Claim:
    """What has arrived, `sent` events of it, and the lease anew. The end of an outage is told on the record. Raises LeaseLost."""
    now = timezone.now()
    with held.scope.transaction():
        changed = _row(held).update(
            next_index=next_index,
            next_head=next_head,
            sent=F("sent") + sent,
            sent_at=now,
            lease_until=now + LEASE,
            failures=0,
            failing_since=None,
            last_error="",
            next_try_at=None,
        )
        if not changed:
            raise LeaseLost
        if held.failures >= TOLD_AT:
            facts = {"target": held.target, "failures": held.failures, "next_index": next_index}
            events.record(held.scope, Event.FORWARD_RESUMED, facts=facts)
    return replace(held, next_index=next_index, next_head=next_head, failures=0)


def fail(held: Claim, error: str) -> None:
    """Nothing is lost: the same batch is tried again, each time after a longer pause."""
    now, failures = timezone.now(), held.failures + 1
    pause = min(LONGEST_PAUSE_S, 2.0 ** min(failures, 10)) * random.uniform(0.75, 1.0)  # noqa: S311  no secret
    with held.scope.transaction():
        changed = _row(held).update(
            failures=failures,
            last_error=error[:ERROR_LONGEST],
            next_try_at=now + timedelta(seconds=pause),
            lease=None,
            lease_until=None,
        )
        if not changed:
            return
        models.ForwardCursor.objects.filter(target=held.target, failing_since=None).update(failing_since=now)
        if failures == TOLD_AT:
            facts = {"target": held.target, "failures": failures, "next_index": held.next_index}
            events.record(held.scope, Event.FORWARD_FAILING, facts=facts, payload={"error": error[:ERROR_LONGEST]})


def release(held: Claim) -> None:
    with held.scope.transaction():
        _row(held).update(lease=None, lease_until=None)


def _row(held: Claim) -> QuerySet[models.ForwardCursor]:
    return models.ForwardCursor.objects.filter(target=held.target, lease=held.lease)
