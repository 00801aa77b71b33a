"""The questions that were asked last, for an index to be tried on. They come from the rows, which row-level security keeps."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from assistant import models
from assistant.models import Status
from governance.scope import Scope
from ingestion.indexes import questions
from ingestion.indexes.questions import Asked

_LOOKED_AT = 4  # times as many as are wanted: the same question comes more than once


class FromRows(questions.Questions):
    def recent(self, scope: Scope, most: int, *, everyones: bool) -> Sequence[Asked]:
        with scope.transaction():
            rows = models.Answer.objects.filter(is_model_only=False, status__in=[Status.ANSWERED, Status.REFUSED])
            rows = rows if everyones else rows.filter(person=scope.person)
            latest = rows.order_by("-created_at").prefetch_related(models.ordered_segments())[: most * _LOOKED_AT]
            told = {row.question.strip(): row for row in reversed(latest) if row.question.strip()}
            return [_asked(row) for row in sorted(told.values(), key=lambda row: row.created_at, reverse=True)][:most]


def register() -> None:
    questions.hand_out(FromRows())


def _asked(row: models.Answer) -> Asked:
    cited = [uuid.UUID(one["chunk_id"]) for segment in row.segments.all() for one in segment.citations]
    return Asked(row.question, tuple(row.collections), tuple(dict.fromkeys(cited)))
