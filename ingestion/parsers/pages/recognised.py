"""What text recognition has read of a page, and the lines that it makes: in the order of columns, with cells where there
are gaps, and letters of one size where they differ no more than a scan's do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Self

from ingestion.parsers.base import Box
from ingestion.parsers.outline import one_line
from ingestion.parsers.pages.lines import Cell, Line, around

SURE = 0.8  # of a page's confidence: below it its owner is told to look at the original
CELL_GAP = 0.9  # of the letters' size: what stands further apart is a cell of its own
_SAME = (0.75, 1.35)  # of the usual size: letters that a scan shows so are of that size
_GUTTER = 0.6  # of the letters' size: less than this parts no columns
_COLUMN_RUNS = 4  # in each of two columns
_COLUMN_TEXT = 15  # characters a run: with less it is a table and not a page in columns
_SPANNING = 0.35  # of all runs: if more run across, there are no columns
_HYPHEN = "-"


@dataclass(frozen=True)
class Run:
    """Words that stand together. `left`, `right`, `foot` (from the lower edge) and `size` in points of the page turned
    upright and straightened; `box` where they stand on the page as it is shown.
    """

    text: str
    confidence: float
    left: float
    right: float
    foot: float
    size: float
    box: Box | None

    def to_json(self) -> list[Any]:
        figures = [round(figure, 3) for figure in (self.confidence, self.left, self.right, self.foot, self.size)]
        return [self.text, *figures, self.box.to_json() if self.box else None]

    @classmethod
    def from_json(cls, told: Sequence[Any]) -> Self:
        text, *figures, box = told
        confidence, left, right, foot, size = map(float, figures)
        return cls(str(text), confidence, left, right, foot, size, Box(*box) if box else None)


@dataclass(frozen=True)
class Page:
    """`confidence`, 0 to 1, weighs each run by its length; None where nothing was found. `is_failed` where recognition
    ended on this page without a result.
    """

    runs: tuple[Run, ...] = ()
    is_failed: bool = False

    @property
    def confidence(self) -> float | None:
        letters = sum(len(run.text) for run in self.runs)
        return round(sum(run.confidence * len(run.text) for run in self.runs) / letters, 2) if letters else None

    def to_json(self) -> dict[str, Any]:
        return {"runs": [run.to_json() for run in self.runs], "is_failed": self.is_failed}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        return cls(tuple(Run.from_json(run) for run in told["runs"]), bool(told["is_failed"]))


def lines(pages: Mapping[int, Page], body: float | None = None) -> dict[int, list[Line]]:
    """By page, in reading order. `body` is the size of the letters on pages of text beside them, where there are any."""
    sizes = [run.size for page in pages.values() for run in page.runs for _ in range(min(len(run.text), 100))]
    usual = median(sizes) if sizes else 1.0
    shown = body or max(0.5, round(2 * usual) / 2)
    return {number: [_line(row, usual, shown) for row in _rows(_ordered(page.runs))] for number, page in pages.items()}


def _ordered(runs: Sequence[Run]) -> list[list[Run]]:
    """Regions in reading order, each to be read row by row."""
    gutter = _gutter(runs)
    if gutter is None:
        return [list(runs)]
    regions: list[list[Run]] = []
    band: list[Run] = []
    for run in sorted(runs, key=lambda one: -one.foot):
        if run.left < gutter < run.right:
            regions += [*_sides(band, gutter), [run]]
            band = []
        else:
            band.append(run)
    return regions + _sides(band, gutter)


def _sides(band: Sequence[Run], gutter: float) -> list[list[Run]]:
    left = [run for run in band if run.right <= gutter]
    right = [run for run in band if run.left >= gutter]
    return [region for side in (left, right) if side for region in _ordered(side)]


def _gutter(runs: Sequence[Run]) -> float | None:
    """Between two columns of text: a place that few runs cross, with enough words on either side of it."""
    if len(runs) < 2 * _COLUMN_RUNS:
        return None
    size = median(run.size for run in runs)
    best: tuple[int, float] | None = None
    for at in sorted({run.left - _GUTTER * size / 2 for run in runs}):
        left = [run for run in runs if run.right <= at - _GUTTER * size / 2]
        right = [run for run in runs if run.left >= at]
        spanning = len(runs) - len(left) - len(right)
        if spanning <= _SPANNING * len(runs) and _is_column(left) and _is_column(right):
            best = min(best or (spanning, at), (spanning, at))
    return best[1] if best else None


def _is_column(runs: Sequence[Run]) -> bool:
    return len(runs) >= _COLUMN_RUNS and sum(len(run.text) for run in runs) >= _COLUMN_TEXT * len(runs)


def _rows(regions: Sequence[Sequence[Run]]) -> Iterator[list[Run]]:
    for region in regions:
        row: list[Run] = []
        for run in sorted(region, key=lambda one: -one.foot):
            if row and abs(row[0].foot - run.foot) > min(row[0].size, run.size) / 2:
                yield sorted(row, key=lambda one: one.left)
                row = []
            row.append(run)
        if row:
            yield sorted(row, key=lambda one: one.left)


def _line(row: Sequence[Run], usual: float, shown: float) -> Line:
    size = median(run.size for run in row)
    is_usual = _SAME[0] * usual <= size <= _SAME[1] * usual
    seen = shown if is_usual else max(0.5, round(2 * size * shown / usual) / 2)
    groups: list[list[Run]] = []
    for run in row:
        if groups and run.left - groups[-1][-1].right <= CELL_GAP * size:
            groups[-1].append(run)
        else:
            groups.append([run])
    cells = [_cell(group) for group in groups]
    is_broken = (
        len(cells) == 1 and len(cells[0].text) > 1 and cells[0].text[-1] == _HYPHEN and cells[0].text[-2].isalpha()
    )
    if is_broken:
        cells = [Cell(cells[0].text[:-1], cells[0].left, cells[0].right, cells[0].box)]
    return Line(tuple(cells), seen, row[0].foot, is_bold=False, is_broken=is_broken)


def _cell(group: Sequence[Run]) -> Cell:
    text = one_line(" ".join(run.text for run in group))
    return Cell(text, group[0].left, group[-1].right, around(run.box for run in group))
