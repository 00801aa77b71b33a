"""The trial: round by round each candidate is started, timed, asked its share of the questions, and stopped.

Every candidate is asked the same questions of a round before the next begins, in an order that turns with the rounds, so
that whatever else the machine does falls on all alike. Only one is up at a time. A trial that broke off goes on.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from assistant.benchmark import candidates
from assistant.benchmark.candidates import Candidate, Up
from assistant.evaluation import asking, files
from assistant.evaluation.questions import Question
from assistant.evaluation.rows import Row
from governance.scope import Scope
from inference import pace, runners
from inference.runners.base import RunnerState

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Timed:
    """A candidate in a round. Bytes, seconds, tokens a second; None where there is nothing to measure, or nobody tells.

    `reads_cpu` and `writes_cpu` are tokens a second of the time that the worker's processes had a processor, which other
    work on the machine changes less. `load` is the machine's own of the last minute, before it and after; `at`
    is when it ended.
    """

    model: str
    round: int
    reads: float | None
    writes: float | None
    first_s: float
    load_s: float | None
    resident: int | None
    proportional: int | None
    peak: int | None
    engine: str
    build: str
    load: tuple[float, float]
    at: str
    reads_cpu: float | None = None
    writes_cpu: float | None = None


@dataclass(frozen=True)
class Trial:
    made: Mapping[str, Any]
    timed: tuple[Timed, ...]
    rows: Mapping[str, tuple[Row, ...]]  # by candidate

    @classmethod
    def built(cls, made: dict[str, Any], lines: Sequence[dict[str, Any]]) -> Self:
        timed = [Timed(**one["timed"] | {"load": tuple(one["timed"]["load"])}) for one in lines if "timed" in one]
        rows: dict[str, list[Row]] = {one["name"]: [] for one in made["models"]}
        for one in lines:
            if "row" in one:
                rows[one["model"]].append(Row.from_json(one["row"]))
        return cls(made, tuple(timed), {name: tuple(of) for name, of in rows.items()})


@dataclass(frozen=True)
class Order:
    """Who asks what, of whom, in how many rounds."""

    scope: Scope
    questions: Sequence[Question]
    collections: Sequence[uuid.UUID]
    models: Sequence[Candidate]
    rounds: int
    models_dir: Path
    engine: str


def load(path: Path) -> Trial:
    """Raises InvalidInput."""
    return files.read(path, Trial.built)


def run(order: Order, path: Path, made: Mapping[str, Any], tell: Tell) -> None:
    """Raises InvalidInput, Unavailable, asking.NoAnswer; what was asked until then is kept."""
    files.begin(path, made)
    there = load(path)
    timed = {(one.model, one.round) for one in there.timed}
    asked = {(name, row.id) for name, of in there.rows.items() for row in of}
    for number in range(order.rounds):
        share = order.questions[number :: order.rounds]
        for one in turned(order.models, number):
            if (one.name, number) in timed:
                continue
            tell(f"round {number + 1} of {order.rounds}: {one.name}, {len(share)} questions")
            wanted = [question for question in share if (one.name, question.id) not in asked]
            for line in _round(order, one, number, wanted):
                files.add(path, line)


def turned(models: Sequence[Candidate], number: int) -> list[Candidate]:
    """Another begins in each round."""
    at = number % len(models)
    return [*models[at:], *models[:at]]


def _round(order: Order, one: Candidate, number: int, questions: Sequence[Question]) -> Iterator[Mapping[str, Any]]:
    """Its lines; that of its times comes last, and says that the round is whole."""
    before = os.getloadavg()[0]
    with candidates.up(one, order.models_dir, order.engine) as up, runners.instead(up.runner):
        state, speed = up.runner.probe(), pace.measure(up.runner, up.processor_s)
        for question in questions:
            yield {"model": one.name, "row": asdict(_asked(order, question, state))}
        yield {"timed": asdict(_timed(one, number, up, state, speed, before))}


def _asked(order: Order, question: Question, state: RunnerState) -> Row:
    row = asking.row(order.scope, question, order.collections, is_answered=True, is_rung=False)
    came = row.answered
    if came is not None and came.model not in {"", state.model}:
        raise asking.NoAnswer(f"{question.id} was answered by {came.model} instead of {state.model}")
    return row


def _timed(one: Candidate, number: int, up: Up, state: RunnerState, speed: pace.Pace, before: float) -> Timed:
    takes = up.footprint()
    return Timed(
        model=one.name,
        round=number,
        reads=speed.reads,
        writes=speed.writes,
        first_s=speed.first_s,
        load_s=up.load_s,
        resident=takes.resident if takes else None,
        proportional=takes.proportional if takes else None,
        peak=takes.peak if takes else None,
        engine=state.engine,
        build=state.build,
        load=(round(before, 2), round(os.getloadavg()[0], 2)),
        at=time.strftime("%Y-%m-%d %H:%M"),
        reads_cpu=speed.reads_cpu,
        writes_cpu=speed.writes_cpu,
    )
