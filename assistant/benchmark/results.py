"""What a trial says, as one JSON document: what the page is drawn from, and what programs read."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from assistant.benchmark import costs
from assistant.benchmark.costs import Cost, Terms
from assistant.benchmark.trials import Timed, Trial
from assistant.evaluation import figures
from assistant.evaluation.measures import Mean

SHAPE = 1  # of the document
TOLD = (
    "facts",
    "facts.all",
    "citations.first",
    "citations.precision",
    "unsupported",
    "quoted",
    "refusals",
    "refusals.false",
    "first_ms",
    "whole_ms",
    "prompt_tokens",
    "tokens",
)
SPEEDS = {
    "reads": ("reads", "tokens/s"),
    "writes": ("writes", "tokens/s"),
    "reads_cpu": ("reads, by its processors' own time", "tokens/cpu s"),
    "writes_cpu": ("writes, by its processors' own time", "tokens/cpu s"),
    "first_s": ("first word of a new prompt after", "s"),
    "load_s": ("ready after", "s"),
}
MEMORY = {
    "proportional": "memory, shared pages divided (PSS)",
    "resident": "memory, resident (RSS)",
    "peak": "memory, the most that was resident",
}
LEAVES = "the question, the excerpts that it is answered from, and the turns of the conversation before it"


def of(trial: Trial, terms: Terms) -> dict[str, Any]:
    first = trial.made["models"][0]["name"]
    return {
        "shape": SHAPE,
        "made": dict(trial.made),
        "terms": asdict(terms),
        "measured": _measured(trial.timed),
        "models": [_model(trial, one, first, terms) for one in trial.made["models"]],
        "reckoned": _reckoned(trial, first, terms),
        "beside": [_beside(trial, first, one["name"]) for one in trial.made["models"][1:]],
    }


def written(told: Mapping[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _measured(timed: Sequence[Timed]) -> dict[str, Any]:
    loads = [value for one in timed for value in one.load]
    times = sorted(one.at for one in timed)
    return {
        "from": times[0] if times else "",
        "to": times[-1] if times else "",
        "load": [min(loads, default=0.0), max(loads, default=0.0)],
        "rounds": len({one.round for one in timed}),
    }


def _model(trial: Trial, told: Mapping[str, Any], first: str, terms: Terms) -> dict[str, Any]:
    name = told["name"]
    rows, timed = trial.rows[name], [one for one in trial.timed if one.model == name]
    known = {one.key: one for one in figures.of(rows)}
    price, is_priced = terms.price(name), not told["is_in_house"]
    cost = costs.by_token(rows, price, terms) if price or is_priced else costs.by_machine(rows, terms)
    return dict(told) | {
        "questions": len(rows),
        "engine": next((f"{one.engine} {one.build}".strip() for one in timed), ""),
        "figures": [
            {"key": key, "title": known[key].title, "unit": known[key].unit} | _mean(known[key].mean)
            for key in TOLD
            if key in known
        ],
        "speeds": [one for key in SPEEDS if (one := _speed(trial.timed, name, first, key))],
        "memory": {key: max(found) for key in MEMORY if (found := _values(timed, key))},
        "cost": _cost(cost),
        "leaves": "" if told["is_in_house"] else LEAVES,
    }


def _reckoned(trial: Trial, first: str, terms: Terms) -> list[dict[str, Any]]:
    """Prices of models that nobody asked: what they would cost for the tokens of the first one."""
    asked = {one["name"] for one in trial.made["models"]}
    asked |= {name.partition(" at ")[0] for name in asked}
    return [
        {"name": name, "cost": _cost(costs.by_token(trial.rows[first], price, terms)), "by": first}
        for name, price in sorted(terms.prices.items())
        if name not in asked
    ]


def _beside(trial: Trial, first: str, name: str) -> dict[str, Any]:
    changes = {one.key: one for one in figures.changes(trial.rows[first], trial.rows[name])}
    told = [
        {
            "key": key,
            "title": changes[key].title,
            "unit": changes[key].unit,
            "before": _round(changes[key].before.value),
            "after": _round(changes[key].after.value),
            "gain": _mean(changes[key].gain),
            "verdict": changes[key].verdict,
        }
        for key in TOLD
        if key in changes
    ]
    return {"model": name, "than": first, "changes": told}


def _speed(timed: Iterable[Timed], name: str, first: str, key: str) -> dict[str, Any] | None:
    """`ratio` is to the first candidate in the same round, the middle one of the rounds; None for the first itself."""
    title, unit = SPEEDS[key]
    by_round = {(one.model, one.round): getattr(one, key) for one in timed if getattr(one, key) is not None}
    own = {number: value for (model, number), value in by_round.items() if model == name}
    if not own:
        return None
    beside = [value / by_round[first, number] for number, value in own.items() if by_round.get((first, number))]
    return {
        "key": key,
        "title": title,
        "unit": unit,
        "median": _round(statistics.median(own.values())),
        "least": _round(min(own.values())),
        "most": _round(max(own.values())),
        "rounds": len(own),
        "ratio": _round(statistics.median(beside)) if beside and name != first else None,
    }


def _values(timed: Iterable[Timed], key: str) -> list[int]:
    return [value for one in timed if (value := getattr(one, key)) is not None]


def _cost(cost: Cost) -> dict[str, Any]:
    return {"amount": None if cost.amount is None else round(cost.amount, 2), "why": cost.why}


def _mean(mean: Mean) -> dict[str, Any]:
    return {
        "value": _round(mean.value),
        "low": _round(mean.low),
        "high": _round(mean.high),
        "number": mean.number,
    }


def _round(value: float) -> float:
    """As far as another build of the same arithmetic gives the same."""
    return round(value, 4)
