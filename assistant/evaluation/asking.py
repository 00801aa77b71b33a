"""Questions asked as anyone asks them: through policy, the record and the model, with the rights of a person."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings

from assistant import answering, conversations, models
from assistant.evaluation import searching
from assistant.evaluation.questions import Question
from assistant.evaluation.rows import Answered, Row
from assistant.showing import notices
from governance.errors import Busy, InvalidInput, QuotaHeld, QuotaSpent, Unavailable
from governance.scope import Scope
from governance.sentence import sentence
from inference import prompts
from ingestion.models import Collection

CLIENT = "evaluation"
# Faults of the way to a model, and none of its answers': what came of a question then says nothing of it.
PASSING = frozenset({Unavailable.code, Busy.code, QuotaSpent.code, QuotaHeld.code})
_PATIENCE_S = 600.0  # for one answer: a small machine with a long line
_GLANCE_S = 0.25
_WAIT_S = 5.0  # before asking again, at most: a place may come free sooner than was said


class NoAnswer(Exception):
    """Nothing came of a question in time; the message says how it stood."""


def made(among: Sequence[Collection], *, is_answered: bool) -> dict[str, Any]:
    """What else a run that goes on has to be made alike in, with the versions of Chancery and the settings of then."""
    strictness = {row.name: str(row.strictness) for row in among}
    if not is_answered:
        return {"strictness": strictness}
    return {"strictness": strictness, "prompt": prompts.DEFAULT, "sent_characters": settings.SENT_CHARACTERS}


def row(
    scope: Scope, question: Question, collections: Sequence[uuid.UUID], *, is_answered: bool, is_rung: bool = True
) -> Row:
    """What is found, and with `is_answered` what is answered. Raises as `answered` does."""
    found = searching.searched(scope, question, collections)
    if not is_answered:
        return found
    return replace(found, answered=answered(scope, question, collections, is_rung=is_rung))


def answered(scope: Scope, question: Question, collections: Sequence[uuid.UUID], *, is_rung: bool = True) -> Answered:
    """Where it is not rung for, this process answers it, by its own runners. Raises NoAnswer, Unavailable where no model could
    be asked, and what asking raises but Busy, which is waited for where that is worth it, and InvalidInput: a question that is
    not taken as it is written has failed.
    """
    deadline = time.monotonic() + _PATIENCE_S
    try:
        row = _asked(scope, question, collections, deadline, is_rung=is_rung)
    except InvalidInput as fault:
        return failed(question, fault.code)
    # A worker may be there and may not be: whoever comes first answers, and the other finds nothing to do.
    answering.answer(scope.tenant, row.pk)
    while not row.is_final:
        if time.monotonic() > deadline:
            raise NoAnswer(f"{question.id} is {row.status} after {_PATIENCE_S:.0f} s")
        time.sleep(_GLANCE_S)
        row.refresh_from_db_in(scope)
    came = read(scope, question, row.pk)
    if came.fault in PASSING:
        raise Unavailable(
            sentence("%(id)s could not be answered: %(why)s. Run this again to go on.", id=question.id, why=came.fault)
        )
    return came


def _asked(
    scope: Scope, question: Question, collections: Sequence[uuid.UUID], deadline: float, *, is_rung: bool
) -> models.Answer:
    while True:
        try:
            return conversations.ask(scope, question.question, collections=collections, client=CLIENT, is_rung=is_rung)
        except Busy as busy:
            # Each refusal is on the record: who has spent what they may spend is told so, and does not knock on.
            if time.monotonic() + busy.wait_s > deadline:
                raise
            time.sleep(min(max(_GLANCE_S, busy.wait_s), _WAIT_S))


def failed(question: Question, fault: str = "") -> Answered:
    """No fact of it is met: left out, it would make the mean better."""
    return Answered(models.Status.FAILED, met=(False,) * len(question.facts), fault=fault)


def read(scope: Scope, question: Question, answer: uuid.UUID) -> Answered:
    """What has come of it so far."""
    with scope.transaction():
        row = models.Answer.objects.prefetch_related(models.ordered_segments()).get(pk=answer)
        segments = list(row.segments.all())
    text = "".join(segment.text for segment in segments)
    extracts = sum(segment.support == models.Support.EXTRACT for segment in segments)
    quoted = extracts if row.notice in notices.INSTEAD else 0
    # What is quoted under an answer that holds is none of its statements.
    stated = [one for one in segments if quoted or one.support != models.Support.EXTRACT]
    weighed = [segment.is_supported for segment in stated if segment.is_supported is not None]
    cited = [one for segment in segments for one in segment.citations]
    usage = row.capsule.get("usage", {})
    return Answered(
        status=row.status,
        text=text,
        met=tuple(fact.is_in(text) for fact in question.facts),
        cited=tuple(searching.known_as(question, uuid.UUID(one["document_id"]), one["document_name"]) for one in cited),
        stands_on=tuple(dict.fromkeys(one["document_id"] for one in cited)),
        sentences=len(weighed),
        unsupported=weighed.count(False),
        quoted=quoted,
        prompt_tokens=usage.get("prompt_tokens", 0),
        tokens=usage.get("completion_tokens", 0),
        first_ms=round((segments[0].created_at - row.created_at).total_seconds() * 1000) if segments else None,
        whole_ms=round((row.finished_at - row.created_at).total_seconds() * 1000) if row.finished_at else 0,
        fault=row.fault,
        model=row.capsule.get("model", {}).get("name", ""),
    )
