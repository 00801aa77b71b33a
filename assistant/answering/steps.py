"""The steps of an answer, and how long each took: kept with it, on the record, and in its receipt."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from django.utils import timezone

from assistant import models
from governance import stopwatch
from governance.stopwatch import Laps
from inference.runners.speech import Speech


class Step(StrEnum):
    """In the order of the way. Some are measured in the rooms below, which know them by the same words."""

    INPUT_POLICY = "input_policy"
    QUEUE = "queue"  # from the question to the worker that answered it, or to when its model was first away
    AWAY = "away"  # since then
    PREPARING = "preparing"  # quota, rights, policy in force, what was said before
    UNDERSTANDING = "understanding"
    VECTORS = "vectors"
    WORDS = "words"
    FETCHING = "fetching"  # the texts of what was found
    RANKING = "ranking"
    PASSAGE_POLICY = "passage_policy"
    GATE = "gate"
    RECORDING = "recording"  # what was found, before a model reads it
    PROMPT = "prompt"  # chosen sentences, counted and fitted
    LINE = "line"  # before the model
    READING = "reading"  # the prompt, by the model
    FIRST_WORDS = "first_words"  # the last two together, where a server does not tell them apart
    WRITING = "writing"
    OUTPUT_POLICY = "output_policy"
    CITING = "citing"
    DELIVERING = "delivering"
    OTHER = "other"


def timed(speech: Speech) -> Iterator[tuple[str, bool]]:
    """What the model says, with the time that it lets us wait."""
    pieces, step = iter(speech), Step.FIRST_WORDS
    while True:
        with stopwatch.step(step):
            said = next(pieces, None)
        if said is None:
            return
        yield said
        step = Step.WRITING


def told(row: models.Answer, laps: Laps, line_ms: int | None) -> dict[str, int]:
    """Milliseconds by step. They add up to what has passed since the question was sent.

    `line_ms` is what the model's server tells of the wait for its turn.
    """
    if line_ms is not None:
        laps.split(Step.FIRST_WORDS, Step.LINE, line_ms / 1000, Step.READING)
    took = {Step(name): round(seconds * 1000) for name, seconds in laps.seconds.items()}
    took[Step.OTHER] = max(0, round(laps.whole * 1000) - sum(took.values()))
    took[Step.INPUT_POLICY] = row.times.get(Step.INPUT_POLICY, 0)
    waited = max(0, round(((timezone.now() - row.created_at).total_seconds() - laps.whole) * 1000))
    took[Step.QUEUE] = min(waited, row.times.get(Step.QUEUE, waited))
    took |= {Step.AWAY: waited - took[Step.QUEUE]} if Step.QUEUE in row.times else {}
    return {str(step): took[step] for step in Step if step in took}
