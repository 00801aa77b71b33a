"""A run as one page that needs nothing else: to look at, to send, to keep beside the run."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.evaluation import figures, pages, rows
from assistant.evaluation.figures import Figure
from assistant.evaluation.pages import Bar
from assistant.evaluation.rows import Run

WORST = 20


@dataclass(frozen=True)
class Drawn:
    """A share as a bar with its interval."""

    figure: Figure
    bar: Bar


def page(run: Run, against: Run | None = None) -> str:
    """HTML. `against` adds what changed, question by question."""
    told = figures.of(run.rows)
    context = {
        "made": sorted(run.made.items()),
        "drawn": [_drawn(one) for one in told if not one.unit],
        "measured": [one for one in told if one.unit],
        "parts": [(name, len(of), figures.of(of)) for name, of in rows.parts(run.rows)],
        "changes": figures.changes(against.rows, run.rows) if against else [],
        "worst": [row for row in run.rows if row.is_missed][:WORST],
        "number": len(run.rows),
    }
    return pages.render("evaluation/report.html", context)


def _drawn(figure: Figure) -> Drawn:
    mean = figure.mean
    return Drawn(figure, pages.bar(mean.value, 1, mean.low, mean.high))
