"""How long a question will wait, reckoned from how long the same person's last answers took."""

from __future__ import annotations

import statistics

from django.db import connection

from assistant import models
from governance.scope import Scope

LAST = 20
UNKNOWN_S = 15.0  # of an answer, before the person has had any


def an_answer_s(scope: Scope) -> float:
    """The median of the last ones, in seconds, from their beginning to their end."""
    with scope.transaction():
        rows = models.Answer.objects.filter(
            person=scope.person, status=models.Status.ANSWERED, started_at__isnull=False
        )
        spans = list(rows.order_by("-finished_at").values_list("started_at", "finished_at")[:LAST])
    return (
        statistics.median((end - begin).total_seconds() for begin, end in spans if begin and end)
        if spans
        else UNKNOWN_S
    )


def until_begun_s(scope: Scope, ahead: int) -> float:
    """Until a question begins that has so many of its organisation before it: as many are answered at once as run now."""
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT running FROM chancery.open_answers()")
        running = int(cursor.fetchone()[0])
    return round(an_answer_s(scope) * (ahead + 1) / max(1, running), 1) if running or ahead else 0.0
