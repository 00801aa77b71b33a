"""Plots as numbers: where each bar of an SVG stands. Only arithmetic; elements/plot.html draws it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assistant.models import Status
from assistant.showing.wording import grouped
from assistant.usage import STATUSES, Usage

WIDTH, HEIGHT = 640, 180
LEFT, RIGHT, TOP, BOTTOM = 46, 6, 10, 22
GAP = 0.28  # of a day's width, left free beside its bar
LABELS_MOST = 6


@dataclass(frozen=True)
class Bar:
    x: str
    y: str
    width: str
    height: str
    series: str
    said: str


@dataclass(frozen=True)
class Tick:
    at: str
    text: str


@dataclass(frozen=True)
class Plot:
    """`key` names the series, where there are several; `name` is the id that its title and description hang on."""

    name: str
    title: str
    description: str
    bars: tuple[Bar, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    key: tuple[tuple[str, str], ...] = ()
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    floor: int = HEIGHT - BOTTOM


def of(usage: Usage) -> list[Plot]:
    days = [one.day for one in usage.days]
    by_status = {
        str(status): [one.answers.get(status, 0) for one in usage.days]
        for status in STATUSES
        if any(one.answers.get(status) for one in usage.days)
    }
    return [
        plot("answers", _("Answers by how they ended"), days, by_status, is_told_apart=True),
        plot("people", _("People who asked"), days, {"people": [one.people for one in usage.days]}),
        plot("tokens", _("Tokens"), days, {"tokens": [one.tokens for one in usage.days]}),
        plot("documents", _("Documents added"), days, {"documents": [one.documents for one in usage.days]}),
    ]


def plot(
    name: str, title: str, days: Sequence[date], series: dict[str, list[int]], *, is_told_apart: bool = False
) -> Plot:
    """Bars by day; several series stand on one another."""
    totals = [sum(values[n] for values in series.values()) for n in range(len(days))]
    most = ceiling(max(totals, default=0))
    step = (WIDTH - LEFT - RIGHT) / max(1, len(days))
    tall = (HEIGHT - TOP - BOTTOM) / most
    bars = []
    for n, day in enumerate(days):
        below = 0.0
        for word, values in series.items():
            if values[n]:
                height = values[n] * tall
                said = f"{date_format(day, 'DATE_FORMAT')}: {grouped(values[n])}" + (
                    f" {word_for(word)}" if is_told_apart else ""
                )
                y = HEIGHT - BOTTOM - below - height
                x = LEFT + step * (n + GAP / 2)
                bars.append(Bar(_r(x), _r(y), _r(step * (1 - GAP)), _r(height), word, said))
                below += height
    every = max(1, math.ceil(len(days) / LABELS_MOST))
    across = tuple(
        Tick(_r(LEFT + step * (n + 0.5)), date_format(day, "MONTH_DAY_FORMAT"))
        for n, day in enumerate(days)
        if n % every == 0
    )
    up = tuple(Tick(_r(HEIGHT - BOTTOM - value * tall), short(value)) for value in (0, most / 2, most))
    key = tuple((word, word_for(word)) for word in series) if is_told_apart else ()
    return Plot(name, title, _described(days, totals), tuple(bars), across, up, key)


def shares(name: str, title: str, points: Sequence[tuple[str, float]]) -> Plot:
    """A bar of 0 to 1 for each (label, share), in their order."""
    step, tall = (WIDTH - LEFT - RIGHT) / max(1, len(points)), HEIGHT - TOP - BOTTOM
    bars = tuple(
        Bar(
            _r(LEFT + step * (n + GAP / 2)),
            _r(HEIGHT - BOTTOM - share * tall),
            _r(step * (1 - GAP)),
            _r(share * tall),
            "people",
            f"{label}: {share:.3f}",
        )
        for n, (label, share) in enumerate(points)
    )
    every = max(1, math.ceil(len(points) / LABELS_MOST))
    across = tuple(Tick(_r(LEFT + step * (n + 0.5)), label) for n, (label, _) in enumerate(points) if n % every == 0)
    up = tuple(Tick(_r(HEIGHT - BOTTOM - share * tall), f"{share:g}") for share in (0, 0.5, 1))
    return Plot(name, title, "; ".join(bar.said for bar in bars), bars, across, up)


def ceiling(most: int) -> int:
    """The next round number that halves well, so that the scale can be read: 2, 4, 10, 20, 40, 100, …"""
    scale = 1
    while True:
        for step in (2, 4, 10):
            if most <= step * scale:
                return step * scale
        scale *= 10


def short(value: float) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:g}"


def word_for(series: str) -> str:
    return {
        "flag": _("flagged"),
        "redact": _("cut out"),
        "block": _("blocked"),
        Status.ANSWERED: _("answered"),
        Status.REFUSED: _("nothing found"),
        Status.BLOCKED: _("blocked"),
        Status.FAILED: _("failed"),
        Status.INTERRUPTED: _("interrupted"),
        Status.CANCELLED: _("stopped"),
    }.get(series, series)


def _described(days: Sequence[date], totals: list[int]) -> str:
    if not any(totals):
        return _("Nothing in these days.")
    top = max(range(len(totals)), key=totals.__getitem__)
    return _("%(sum)s in %(days)s days; the most, %(most)s, on %(day)s.") % {
        "sum": grouped(sum(totals)),
        "days": len(days),
        "most": grouped(totals[top]),
        "day": date_format(days[top], "DATE_FORMAT"),
    }


def _r(value: float) -> str:
    """As SVG wants it, whatever the reader's language makes of a decimal point."""
    return f"{value:.1f}"
