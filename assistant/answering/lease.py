"""Who works on an answer: one worker at a time, proven by a token, for as long as it says that it lives.

A broker may deliver a message twice and a worker may die; the row's lease decides. Whoever lost it changes nothing. Whose turn
it is says the database, see `take`.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from assistant import models
from assistant.answering import stops, turns
from assistant.answering.steps import Step
from assistant.streams import stream
from governance.scope import Scope

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=15)
HEARTBEAT_S = 4.0
GLANCE_S = 2.0  # how often a running answer looks for Stop by itself; the bell rings long before
ATTEMPTS = 3
TAKE = "SELECT tenant_id, id FROM chancery.take_answer(%s, make_interval(secs => %s))"
# Once a segment, between the engine and the reader: one statement tells both.
EXTEND = "UPDATE answer SET lease_until = %s WHERE id = %s AND lease = %s AND status = %s RETURNING cancel_requested_at"


class LeaseLost(Exception):
    """Another worker has the answer now; this one stops without a trace."""


@dataclass(frozen=True)
class Claim:
    scope: Scope  # the tenant's system scope
    row: models.Answer
    token: uuid.UUID
    attempt: int
    delivered: bool  # segments left in an earlier attempt

    @property
    def answer(self) -> uuid.UUID:
        return self.row.pk

    @property
    def person(self) -> uuid.UUID:
        return self.row.person_id


def answers_run() -> bool:
    """Whether anybody is being answered, in any tenant. A database that is away answers nobody."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT chancery.answers_run()")
            return bool(cursor.fetchone()[0])
    except DatabaseError:
        return False


def take() -> Claim | None:
    """The answer whose turn it is, in all tenants, claimed; None where none may be taken.

    The tenant with the fewest under way is next, as long as that is below its bound; of several that have as few, whoever was
    served longest ago; inside a tenant its people likewise, and each one's oldest first. What waits for the answer before it
    on its line is passed over. See docs/adr/0019-whose-question-is-next.md.
    """
    token = uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [token, LEASE.total_seconds()])
        found = cursor.fetchone()
    if found is None:
        return None
    scope, answer = Scope.system(found[0]), found[1]
    with scope.transaction():
        row = models.Answer.objects.annotate(delivered=_is_delivered()).get(pk=answer)
    stream.wake(answer)
    return Claim(scope, row, token, row.attempts, row.delivered)


def claim(tenant: uuid.UUID, answer: uuid.UUID) -> Claim | None:
    """Take this answer, past the line and its bounds, where it waits or its worker's lease has run out; None where there is
    nothing to take, or not yet: the answer before it on its line is still open.

    What waits may have a `lease_until` as well: that holds it back in the line alone.
    """
    scope, now = Scope.system(tenant), timezone.now()
    with scope.transaction():
        rows = models.Answer.objects.select_for_update(skip_locked=True).filter(pk=answer)
        row = rows.annotate(waits=turns.waits(), delivered=_is_delivered()).first()
        if row is None or row.is_final or row.waits or _is_held(row, now):
            return None
        row.attempts += 1
        row.status, row.lease, row.lease_until = models.Status.RUNNING, uuid.uuid4(), now + LEASE
        row.started_at, row.notice = row.started_at or now, ""
        row.save(update_fields=["status", "notice", "attempts", "lease", "lease_until", "started_at"])
        transaction.on_commit(lambda: stream.wake(answer))
    return Claim(scope, row, row.lease, row.attempts, row.delivered)


def _is_delivered() -> Exists:
    return Exists(models.Segment.objects.filter(answer=OuterRef("pk")))


def _is_held(row: models.Answer, now: datetime) -> bool:
    return row.status == models.Status.RUNNING and row.lease_until is not None and row.lease_until > now


def extend(answer: uuid.UUID, token: uuid.UUID) -> datetime | None:
    """Push the lease on, inside a transaction. Returns when Stop was asked for. Raises LeaseLost."""
    with connection.cursor() as cursor:
        cursor.execute(EXTEND, [timezone.now() + LEASE, answer, token, models.Status.RUNNING])
        found = cursor.fetchone()
    if found is None:
        raise LeaseLost
    stop_asked_at: datetime | None = found[0]
    return stop_asked_at


def hold_up(held: Claim, notice: str) -> None:
    """Nothing can be recorded for now: say so to whoever waits, and do not count the attempt.

    It is no end, so it needs no record. The sweep tries again until the record is back.
    """
    try:
        with held.scope.transaction():
            row = models.Answer.objects.filter(pk=held.answer, lease=held.token, status=models.Status.RUNNING)
            row.update(notice=notice, attempts=held.attempt - 1)
            transaction.on_commit(lambda: stream.wake(held.answer))
    except DatabaseError as fault:
        log.warning("answer %s: nobody could be told: %s", held.answer, fault)


def put_back(held: Claim, notice: str, seconds: float, *, is_counted: bool) -> bool:
    """Into the line, where it holds no worker and Stop ends it at once; nobody takes it for so long, and then the sweep rings.
    An attempt that is not counted may be made as often as there is time. False where it was stopped, or lost, meanwhile.

    It is no end, so it needs no record: the answer's end tells how long it waited.
    """
    row, now = held.row, timezone.now()
    queued_ms = row.times.get(Step.QUEUE, round((now - row.created_at).total_seconds() * 1000))
    with held.scope.transaction():
        mine = models.Answer.objects.filter(pk=held.answer, lease=held.token, status=models.Status.RUNNING)
        put = mine.filter(cancel_requested_at=None).update(
            status=models.Status.QUEUED,
            notice=notice,
            attempts=held.attempt if is_counted else held.attempt - 1,
            lease=None,
            lease_until=now + timedelta(seconds=seconds),
            started_at=None,
            times=row.times | {Step.QUEUE: queued_ms},
        )
        transaction.on_commit(lambda: stream.wake(held.answer))
    return bool(put)


class Watch(threading.Thread):
    """Beside a running answer: keeps the lease, and calls `stop` on Stop or on a lost lease, during prefill too."""

    def __init__(self, held: Claim) -> None:
        super().__init__(daemon=True, name=f"watch-{held.answer.hex[:8]}")
        self.held = held
        self.rung = threading.Event()
        self.is_over = False
        self.is_cancelled = False
        self.is_lost = False
        self.is_late = False
        self._seconds: float | None = None
        self._until: float | None = None
        self._stop_by: Callable[[], None] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Watch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over = True
        self.rung.set()
        self.join(timeout=5)

    def attach(self, stop_by: Callable[[], None], seconds: float | None = None) -> None:
        """What ends the model's work; called at once where Stop came earlier, and once the seconds are over."""
        with self._lock:
            self._stop_by = stop_by
            self._seconds = seconds
            self._until = None if seconds is None else time.monotonic() + seconds
            late = self.is_cancelled or self.is_lost
        if late:
            stop_by()

    def reckon(self, *, is_in_line: bool) -> None:
        """Its seconds are those of the model: they begin anew once it is known to stand in its line no more."""
        with self._lock:
            if is_in_line:
                self._until = None
            elif self._until is None and self._seconds is not None and not self.is_late:
                self._until = time.monotonic() + self._seconds

    def run(self) -> None:
        beaten = time.monotonic()  # the claim was the first
        with stops.listen(self.held.answer, self.rung):
            while True:
                is_beat = time.monotonic() - beaten >= HEARTBEAT_S
                if self._is_over_time():
                    self._halt(late=True)
                try:
                    if self._glance(beat=is_beat):
                        return
                    beaten = time.monotonic() if is_beat else beaten
                except DatabaseError as fault:  # Postgres restarts: the lease runs on, and the next glance may succeed
                    log.warning("the watch of answer %s cannot reach the database: %s", self.held.answer, fault)
                finally:
                    connection.close()
                self.rung.wait(GLANCE_S)
                self.rung.clear()
                if self.is_over:
                    return

    def _is_over_time(self) -> bool:
        with self._lock:
            return not self.is_late and self._until is not None and time.monotonic() >= self._until

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
        return self._halt() if cancelled else False

    def _halt(self, *, lost: bool = False, late: bool = False) -> bool:
        """It was asked to stop, where it is neither."""
        with self._lock:
            self.is_lost, self.is_late, self.is_cancelled = lost, self.is_late or late, not lost and not late
            stop_by = self._stop_by
        if stop_by:
            stop_by()
        return True
