"""A trial's document as one page to look at, in the manner of an evaluation's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.benchmark import results
from assistant.evaluation import pages
from assistant.evaluation.pages import Bar

MIB, GIB = 2**20, 2**30
MEMORY_TITLES = {"bytes": "size of the file"} | results.MEMORY
DECIDE = ("facts", "citations.first", "refusals", "refusals.false", "first_ms", "whole_ms")


@dataclass(frozen=True)
class Line:
    """Of one candidate under one measure."""

    name: str
    value: str
    interval: str
    number: str
    bar: Bar
    ratio: str = ""


@dataclass(frozen=True)
class Measure:
    title: str
    lines: Sequence[Line]


def page(told: Mapping[str, Any]) -> str:
    """HTML, of what `results.of` gives, or its JSON."""
    figured = [_figure(told["models"], key) for key in _keys(told["models"])]
    context = {
        "told": told,
        "decided": _decided(told["models"]),
        "beside": [dict(one) | {"changes": [_change(of) for of in one["changes"]]} for one in told["beside"]],
        "asked": min((one["questions"] for one in told["models"]), default=0),
        "quality": [one for one, unit in figured if not unit],
        "waits": [one for one, unit in figured if unit],
        "speeds": [_speed(told["models"], key) for key in _speed_keys(told["models"])],
        "memory": [_memory(told["models"], key) for key in MEMORY_TITLES if _memory(told["models"], key).lines],
        "collections": _collections(told["made"]),
        "kept_from": {name: kept for name, kept in told["made"]["kept_from"].items() if kept},
        "outside": [one for one in told["models"] if not one["is_in_house"]],
        "number": told["made"]["questions"],
        "made": [(name, value) for name, value in sorted(told["made"].items()) if isinstance(value, int | str)],
    }
    return pages.render("evaluation/benchmark.html", context)


def _keys(models: Sequence[Mapping[str, Any]]) -> list[str]:
    """In the order that the document has them."""
    return list(dict.fromkeys(one["key"] for model in models for one in model["figures"]))


def _speed_keys(models: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(one["key"] for model in models for one in model["speeds"]))


def _figure(models: Sequence[Mapping[str, Any]], key: str) -> tuple[Measure, str]:
    """With its unit."""
    found = [(model["name"], one) for model in models for one in model["figures"] if one["key"] == key]
    title, unit = found[0][1]["title"], found[0][1]["unit"]
    most = max((one["high"] for _, one in found), default=1.0) if unit else 1.0
    lines = [
        Line(
            name,
            _number(one["value"], unit),
            f"{_number(one['low'], unit)} to {_number(one['high'], unit)}",
            str(one["number"]),
            pages.bar(one["value"], most, one["low"], one["high"]),
        )
        for name, one in found
    ]
    return Measure(title, lines), unit


def _speed(models: Sequence[Mapping[str, Any]], key: str) -> Measure:
    found = [(model["name"], one) for model in models for one in model["speeds"] if one["key"] == key]
    most = max(one["most"] for _, one in found)
    lines = [
        Line(
            name,
            f"{one['median']:.1f} {one['unit']}",
            f"{one['least']:.1f} to {one['most']:.1f}",
            str(one["rounds"]),
            pages.bar(one["median"], most, one["least"], one["most"]),
            "" if one["ratio"] is None else f"{one['ratio']:.2f}",
        )
        for name, one in found
    ]
    return Measure(found[0][1]["title"], lines)


def _memory(models: Sequence[Mapping[str, Any]], key: str) -> Measure:
    found = [(one["name"], one["memory"].get(key, one.get(key))) for one in models]
    known = [(name, value) for name, value in found if value is not None]
    most = max((value for _, value in known), default=1)
    lines = [Line(name, _bytes(value), "", "", pages.bar(value, most)) for name, value in known]
    return Measure(MEMORY_TITLES[key], lines)


def _decided(models: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The lines of the table that answers whether to host it oneself: of each measure its title, and a cell a model."""
    known = [{figure["key"]: figure for figure in one["figures"]} for one in models]
    lines = []
    for key in DECIDE:
        title = next((of[key]["title"] for of in known if key in of), "")
        if title:
            lines.append((title, [_cell(of.get(key)) for of in known]))
    return lines


def _cell(figure: Mapping[str, Any] | None) -> tuple[str, str]:
    if figure is None:
        return "nothing to measure", ""
    unit = figure["unit"]
    interval = f"{_number(figure['low'], unit)} to {_number(figure['high'], unit)}"
    return _number(figure["value"], unit), f"{interval}, n {figure['number']}"


def _change(told: Mapping[str, Any]) -> dict[str, Any]:
    unit, gain = told["unit"], told["gain"]
    low, high = _number(gain["low"], unit), _number(gain["high"], unit)
    return dict(told) | {
        "before": _number(told["before"], unit),
        "after": _number(told["after"], unit),
        "gained": f"{_number(gain['value'], unit)} ({low} to {high})",
    }


def _collections(made: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each with its label, and the candidates that are not shown it."""
    kept = made["kept_from"]
    return [
        dict(one) | {"kept_from": [name for name in kept if one["name"] in kept[name]]} for one in made["collections"]
    ]


def _number(value: float, unit: str) -> str:
    if unit == "ms":
        return f"{value / 1000:.1f} s"
    return f"{value:,.0f} {unit}" if unit else f"{value:.2f}"


def _bytes(value: int) -> str:
    return f"{value / GIB:.2f} GiB" if value >= GIB else f"{value / MIB:.0f} MiB"
