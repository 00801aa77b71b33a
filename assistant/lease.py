"""Who works on an answer: one worker at a time, proven by a token, for as long as it says that it lives.

A broker may deliver a message twice and a worker may die; the row's lease decides. Whoever lost it changes nothing.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.utils import timezone

from assistant import models
from governance.scope import Scope

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=15)
HEARTBEAT_S = 4.0
GLANCE_S = 0.2  # how often a running answer looks for Stop
ATTEMPTS = 3


class LeaseLost(Exception):
    """Another worker has the answer now; this one stops without a trace."""


@dataclass(frozen=True)
class Claim:
    scope: Scope  # the tenant's system scope
    answer: uuid.UUID
    token: uuid.UUID
    attempt: int
    delivered: int  # segments that left in an earlier attempt
    person: uuid.UUID


def claim(tenant: uuid.UUID, answer: uuid.UUID) -> Claim | None:
    """Take an answer that waits, or whose worker's lease has run out; None where there is nothing to take."""
    scope, now = Scope.system(tenant), timezone.now()
    with scope.transaction():
        row = models.Answer.objects.select_for_update(skip_locked=True).filter(pk=answer).first()
        if row is None or row.is_final or (row.lease_until and row.lease_until > now):
            return None
        row.attempts += 1
        row.status, row.lease, row.lease_until = models.Status.RUNNING, uuid.uuid4(), now + LEASE
        row.started_at = row.started_at or now
        row.save(update_fields=["status", "attempts", "lease", "lease_until", "started_at"])
        delivered = models.Segment.objects.filter(answer=answer).count()
    return Claim(scope, answer, row.lease, row.attempts, delivered, row.person_id)


def extend(answer: uuid.UUID, token: uuid.UUID) -> datetime | None:
    """Push the lease on, inside a transaction. Returns when Stop was asked for. Raises LeaseLost."""
    held = models.Answer.objects.filter(pk=answer, lease=token, status=models.Status.RUNNING)
    if not held.update(lease_until=timezone.now() + LEASE):
        raise LeaseLost
    return held.values_list("cancel_requested_at", flat=True).get()


class Watch(threading.Thread):
    """Beside a running answer: keeps the lease, and calls `stop` on Stop or on a lost lease, during prefill too."""

    def __init__(self, held: Claim) -> None:
        super().__init__(daemon=True, name=f"watch-{held.answer.hex[:8]}")
        self.held = held
        self.ended = threading.Event()
        self.is_cancelled = False
        self.is_lost = False
        self._stop_by: Callable[[], None] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Watch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join(timeout=5)

    def attach(self, stop_by: Callable[[], None]) -> None:
        """What ends the model's work; called at once where Stop came earlier."""
        with self._lock:
            self._stop_by = stop_by
            late = self.is_cancelled or self.is_lost
        if late:
            stop_by()

    def run(self) -> None:
        since_beat = HEARTBEAT_S
        while not self.ended.wait(GLANCE_S):
            since_beat += GLANCE_S
            try:
                if self._glance(beat=since_beat >= HEARTBEAT_S):
                    return
            except DatabaseError as fault:  # Postgres restarts: the lease runs on, and the next glance may succeed
                log.warning("the watch of answer %s cannot reach the database: %s", self.held.answer, fault)
            finally:
                connection.close()
            since_beat = 0.0 if since_beat >= HEARTBEAT_S else since_beat

    def _glance(self, *, beat: bool) -> bool:
        """True where there is nothing left to watch."""
        with self.held.scope.transaction():
            try:
                if beat:
                    cancelled = extend(self.held.answer, self.held.token)
                else:
                    row = models.Answer.objects.filter(pk=self.held.answer, lease=self.held.token)
                    cancelled = row.values_list("cancel_requested_at", flat=True).first()
            except LeaseLost:
                return self._halt(lost=True)
        return self._halt(lost=False) if cancelled else False

    def _halt(self, *, lost: bool) -> bool:
        with self._lock:
            self.is_lost, self.is_cancelled = lost, not lost
            stop_by = self._stop_by
        if stop_by:
            stop_by()
        return True
