"""Cells of a sheet and the tables among them: what empty rows and columns part is read apart.

A sheet is a grid in which tables, titles and notes stand wherever somebody has put them.
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from ingestion.parsers.outline import too_large

ROWS_MOST, COLUMNS_MOST = 1_048_576, 16_384
CELLS_MOST = 1_500_000  # that hold something
MERGES_MOST = 20_000
_FILLS_MOST = 200_000  # cells that merged ranges repeat their value in


class Cell(NamedTuple):
    """`kind` is t for text, n for a number, d for a date."""

    text: str
    kind: str = "t"


class Merge(NamedTuple):
    """A range that is one cell: its first and last rows and columns, from 1."""

    top: int
    left: int
    bottom: int
    right: int


Row = dict[int, Cell]


@dataclass
class Grid:
    """`rows` by their numbers from 1, the cells of each by their columns from 1: only those that hold something."""

    rows: dict[int, Row] = field(default_factory=dict)
    merges: list[Merge] = field(default_factory=list)
    _cells: int = 0

    def put(self, row: int, column: int, cell: Cell) -> None:
        """What lies outside of every sheet is no cell. Raises ParseFailed where there are too many."""
        if not cell.text or not (0 < row <= ROWS_MOST and 0 < column <= COLUMNS_MOST):
            return
        self._cells += 1
        if self._cells > CELLS_MOST:
            raise too_large()
        self.rows.setdefault(row, {})[column] = cell


@dataclass
class Region:
    """Rows in their order, of which `left` to `right` are the columns."""

    left: int
    right: int
    rows: list[tuple[int, Row]]

    @property
    def width(self) -> int:
        return self.right - self.left + 1

    def cells(self, row: Row) -> list[Cell]:
        return [row.get(column, NOTHING) for column in range(self.left, self.right + 1)]


NOTHING = Cell("")


def letters(column: int) -> str:
    """1 is A, 27 is AA."""
    said = ""
    while column:
        column, rest = divmod(column - 1, 26)
        said = chr(65 + rest) + said
    return said


@functools.lru_cache(maxsize=20_000)
def column_number(said: str) -> int:
    """0 where it is none."""
    number = 0
    for sign in said[:4].upper():
        if not "A" <= sign <= "Z":
            return 0
        number = number * 26 + ord(sign) - 64
    return number


def fill(grid: Grid) -> None:
    """A merged cell over several rows is repeated in each, or a row would not say what it belongs to."""
    numbers, left = sorted(grid.rows), _FILLS_MOST
    for merge in grid.merges:
        said = grid.rows.get(merge.top, {}).get(merge.left)
        if said is None or merge.bottom <= merge.top:
            continue
        below = numbers[bisect_right(numbers, merge.top) : bisect_right(numbers, merge.bottom)][:left]
        left -= len(below)
        for number in below:
            grid.rows[number].setdefault(merge.left, said)


def regions(grid: Grid) -> Iterator[Region]:
    for band in _runs(sorted(grid.rows.items())):
        spans = _spans({column for _, row in band for column in row})
        for left, right in spans:
            if len(spans) == 1:
                held = band
            else:
                parts = ((n, {c: cell for c, cell in row.items() if left <= c <= right}) for n, row in band)
                held = [(number, row) for number, row in parts if row]
            yield from (Region(left, right, rows) for rows in _runs(held))


def _runs(held: Iterable[tuple[int, Row]]) -> Iterator[list[tuple[int, Row]]]:
    """Rows without an empty one between them: also beside a longer table, where a shorter one may end."""
    run: list[tuple[int, Row]] = []
    for number, row in held:
        if run and number > run[-1][0] + 1:
            yield run
            run = []
        run.append((number, row))
    if run:
        yield run


def _spans(columns: set[int]) -> list[tuple[int, int]]:
    """Columns that belong together. One empty column parts two tables if each has at least two; more part anything."""
    ordered = sorted(columns)
    spans = [(ordered[0], ordered[0])]
    for one, other in pairwise(ordered):
        if other == one + 1:
            spans[-1] = (spans[-1][0], other)
        else:
            spans.append((other, other))
    joined = spans[:1]
    for left, right in spans[1:]:
        before = joined[-1]
        is_spacer = left - before[1] == 2 and (right == left or before[0] == before[1])
        if is_spacer:
            joined[-1] = (before[0], right)
        else:
            joined.append((left, right))
    return joined
