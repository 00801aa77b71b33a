"""How long a question will wait, reckoned from how long the same person's last answers took and from its tenant's share of
what is answered at once.
"""

from __future__ import annotations

import statistics

from django.db import connection

from assistant import models
from assistant.local.processes import ANSWERED_AT_ONCE
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
    """Until a question begins that has so many of its organisation before it: organisations take turns, so that it has a part
    of what is answered at once, whoever else asks how much. Nothing where there is room for it at once.
    """
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT share, room FROM chancery.answers_share(%s)", [ANSWERED_AT_ONCE])
        share, room = cursor.fetchone()
    return 0.0 if ahead < room else round(an_answer_s(scope) * (ahead + 1) / share, 1)
