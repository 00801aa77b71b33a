"""An answer whose model is away for now: it waits in the line as one that nobody has begun, holds no thread, and is rung for once
the model is back. Stop ends it at once, what is set aside for it stays, and the wait has its bound.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from assistant import conversations, models
from assistant.answering import lease
from assistant.answering.steps import Step
from assistant.models import Status
from governance.errors import Busy, ChanceryError, QuotaSpent
from governance.scope import Scope
from inference import runners
from inference.runners.base import Away

MOST = timedelta(minutes=10)  # from the first time on that it was put back
AGAIN_S, AGAIN_MOST_S = 3.0, 30.0  # before it is tried again, as long as its model can be asked

Due = list[tuple[uuid.UUID, uuid.UUID]]


@dataclass(frozen=True)
class Again:
    """In how many seconds it is worth trying again, and whether that counts among the attempts that an answer has."""

    in_s: float
    is_counted: bool = False


def was_put_back(row: models.Answer) -> bool:
    return Step.QUEUE in row.times


def again(row: models.Answer, fault: ChanceryError) -> Again | None:
    """Of an answer that came to this, and of which nothing was delivered; None where it is not worth it, or not for that long.

    An engine that goes down over one prompt would do so for ever. Clients that keep their conversations themselves try again
    by themselves, and have no way back to what waits here.
    """
    if row.client in conversations.KEEPERS or _since(row) > MOST:
        return None
    if isinstance(fault, Away):
        is_last = fault.was_read and row.attempts >= lease.ATTEMPTS
        return None if is_last else Again(AGAIN_S, is_counted=fault.was_read)
    # Our worker tells a place with it, which it gives anew; of a vendor's bound nobody knows when it opens.
    if isinstance(fault, Busy) and not isinstance(fault, QuotaSpent) and fault.position:
        return Again(min(max(AGAIN_S, fault.wait_s), AGAIN_MOST_S))
    return None


def due(most: int = 100) -> Due:
    """(tenant, answer) of what waits too long or was left by a worker that died, in every tenant, the oldest first; without
    what waits for a model that is still away. Each model is asked once.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, id FROM chancery.due_answers(%s)", [most])
        return _come_back([(tenant, answer) for tenant, answer in cursor.fetchall()])


def _come_back(found: Due) -> Due:
    by_tenant: defaultdict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for tenant, answer in found:
        by_tenant[tenant].append(answer)
    waiting = [row for tenant, answers in by_tenant.items() for row in _put_back(tenant, answers)]
    away = {model for model in {row.model for row in waiting} if _is_away(model)}
    still = {row.pk for row in waiting if row.model in away and _since(row) <= MOST}
    return [(tenant, answer) for tenant, answer in found if answer not in still]


def _since(row: models.Answer) -> timedelta:
    """Since it was first put back, which kept how long it had been in the queue until then."""
    if not was_put_back(row):
        return timedelta()
    return timezone.now() - row.created_at - timedelta(milliseconds=row.times[Step.QUEUE])


def _put_back(tenant: uuid.UUID, answers: Sequence[uuid.UUID]) -> list[models.Answer]:
    with Scope.system(tenant).transaction():
        rows = models.Answer.objects.filter(pk__in=answers, status=Status.QUEUED, lease_until__isnull=False)
        return list(rows.only("model", "times", "created_at"))


def _is_away(model: str) -> bool:
    try:
        return runners.chat(model).probe().is_away
    except ChanceryError:  # it is not set up here any more: the answer ends by that
        return False
