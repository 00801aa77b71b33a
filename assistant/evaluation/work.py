"""How a run goes on: question by question, for some seconds, and then whoever else waits has the worker."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from datetime import timedelta

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from assistant import conversations, models
from assistant.evaluation import asking, runs, searching, sets
from assistant.evaluation.questions import Question
from assistant.evaluation.rows import Row
from assistant.models import RunState, SetAsked, SetRun
from governance import access, leases, people
from governance.actions import Action
from governance.errors import Busy, ChanceryError, QuotaSpent, Unavailable
from governance.scope import Scope
from governance.sentence import phrase

PAUSE = timedelta(seconds=3)  # until an answer is looked for again
LONGEST_PAUSE = timedelta(minutes=15)  # a quota may open again sooner than it said
STRETCH_S = 15.0
# How often a question may come to nothing by the way to the model before that is kept as what came of it. Pauses double: a
# model that does not answer is asked for half an hour; a quota of a day has opened again after as many of the longest.
TRIES, BUSY_TRIES = 10, 100
_NOBODY = phrase(
    "Whoever began it is no longer here or may no longer manage this collection, or the key that began it has ended."
)


# Lost, too, once it is stopped.
RUNS = leases.Lease(
    SetRun,
    timedelta(seconds=60),
    free=Q(state=RunState.RUNNING) & (Q(lease_until=None) | leases.RUN_OUT),
    mine=Q(state=RunState.RUNNING),
)
Claim = leases.Claim[SetRun]


class _Waits(Exception):
    """Nothing can be done for so long."""

    def __init__(self, pause: timedelta = PAUSE) -> None:
        super().__init__()
        self.pause = pause


def due() -> list[tuple[uuid.UUID, uuid.UUID]]:
    """(tenant, run) of what nobody is at."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, id FROM chancery.due_set_runs()")
        return [(tenant, run) for tenant, run in cursor.fetchall()]


def begin_due() -> int:
    """Have the sets asked whose collection has changed since, and come to rest. Returns how many runs were begun."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, run, collection_id, person, key FROM chancery.changed_sets()")
        found = cursor.fetchall()
    return sum(_begun(*one) for one in found)


def _begun(tenant: uuid.UUID, last: uuid.UUID, collection: uuid.UUID, person: uuid.UUID, key: uuid.UUID | None) -> bool:
    with Scope.system(tenant).transaction():
        SetRun.objects.filter(pk=last).update(looked_at=timezone.now())
        if SetRun.objects.filter(pk=last, content=runs.content(collection)).exists():
            return False
    try:
        runs.start(people.scope_in(tenant, person, key=key), collection, is_automatic=True)
    except ChanceryError:  # they or their key may not any longer, or somebody was quicker
        return False
    return True


def stretch(tenant: uuid.UUID, run: uuid.UUID) -> None:
    """May be called twice, and by two at once."""
    claimed = RUNS.take(tenant, run)
    if claimed is None:
        return
    pause, until = timedelta(), time.monotonic() + STRETCH_S
    try:
        while time.monotonic() < until and _step(claimed):
            pass
    except Busy as busy:  # each refusal is on the record: nobody knocks before it can help
        pause = max(PAUSE, min(timedelta(seconds=busy.wait_s), LONGEST_PAUSE))
    except _Waits as waits:
        pause = waits.pause
    except Unavailable:
        pause = PAUSE
    finally:
        claimed.release(pause)
        connection.close()


def _step(claimed: Claim) -> bool:
    """One question further; False once there is nothing left to do."""
    with claimed.scope.transaction():
        row = claimed.rows().first()
    if row is None:
        return False
    if row.done >= row.total:
        _end(claimed, RunState.DONE)
        return False
    try:
        scope = people.scope_in(claimed.scope.tenant, row.started_by, key=row.key)
        sets.require(scope, row.collection_id)
        if row.has_answers:
            access.require(scope, Action.ASK)
    except (Busy, Unavailable):
        raise
    except ChanceryError:
        _end(claimed, RunState.FAILED, _NOBODY)
        return False
    came = _asked(claimed, scope, row, _next(claimed, row))
    with claimed.scope.transaction():
        is_ours = claimed.renew(done=row.done + 1, answer=None, tries=0)
        if is_ours:
            runs.put_down(row.pk, row.done, came)
    return is_ours


def _next(claimed: Claim, row: SetRun) -> Question:
    with claimed.scope.transaction():
        asked = SetAsked.objects.get(run=row, number=row.done)
    (question,) = sets.read([asked.line])
    return question


def _asked(claimed: Claim, scope: Scope, row: SetRun, question: Question) -> Row:
    if not row.has_answers:
        return _searched(scope, row, question)
    if row.answer is None:
        try:
            asked = conversations.ask(scope, question.question, collections=[row.collection_id], client=asking.CLIENT)
        except (Busy, Unavailable):
            raise
        except ChanceryError as fault:  # what policy wants a reason for is not asked
            return replace(_searched(scope, row, question), answered=asking.failed(question, fault.code))
        claimed.renew(answer=asked.pk)
        raise _Waits
    try:
        answered = asking.read(scope, question, row.answer)
    except models.Answer.DoesNotExist:  # let go of meanwhile
        answered = asking.failed(question)
    if answered.status not in models.FINAL:
        raise _Waits
    if answered.fault in asking.PASSING:
        _try_again(claimed, row, answered.fault)
    return replace(_searched(scope, row, question), answered=answered)


def _try_again(claimed: Claim, row: SetRun, fault: str) -> None:
    """Raises _Waits, unless it was tried often enough."""
    if row.tries + 1 >= (TRIES if fault == Unavailable.code else BUSY_TRIES):
        return
    claimed.renew(answer=None, tries=row.tries + 1)
    doubled = min(PAUSE * 2 ** min(row.tries, TRIES), LONGEST_PAUSE)
    raise _Waits(LONGEST_PAUSE if fault == QuotaSpent.code else doubled)


def _searched(scope: Scope, row: SetRun, question: Question) -> Row:
    return searching.searched(scope, question, [row.collection_id])


def _end(claimed: Claim, state: RunState, error: str = "") -> None:
    with claimed.scope.transaction():
        row = claimed.rows().select_for_update().first()
        if row is not None:
            runs.close(claimed.scope, row, state, error)
