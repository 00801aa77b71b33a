"""Tables of a sheet as sections: each with its header, its range of columns, and a number for every row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ingestion.parsers import table_heads
from ingestion.parsers.base import Locator, Spot
from ingestion.parsers.outline import Outline, cell_text, delimiter_line, one_line, row_line
from ingestion.parsers.tables import grids
from ingestion.parsers.tables.grids import Grid, Merge, Region, letters

_TITLE_LONGEST = 120  # characters; a longer line above a table is a note
_HEADER_ROOM = 230  # characters, with what a column costs: a longer header is not repeated above every piece
_COLUMN_COST = 17


def write(outline: Outline, name: str, grid: Grid) -> None:
    """Under a heading with the sheet's name, table after table. `name` is empty for a file that is one table."""
    grids.fill(grid)
    writing = _Writing(outline, name, grid.merges)
    for region in grids.regions(grid):
        writing.region(region)
    writing.end()


def write_one(outline: Outline, grid: Grid) -> None:
    """A file that is one table: lines of one cell above it, then rows, whatever is empty between them."""
    writing = _Writing(outline, "", grid.merges)
    if grid.rows:
        columns = [column for row in grid.rows.values() for column in row]
        writing.region(Region(min(columns), max(columns), sorted(grid.rows.items())))
    writing.end()


class _Writing:
    def __init__(self, outline: Outline, name: str, merges: Sequence[Merge]) -> None:
        self._outline, self._name = outline, name
        self._wide: defaultdict[int, list[Merge]] = defaultdict(list)  # by their rows
        for merge in merges:
            if merge.right > merge.left:
                self._wide[merge.top].append(merge)
        self._title: tuple[Region, int, str] | None = None  # a cell by itself, which may be the title of what follows
        self._before: tuple[Region, list[str]] | None = None  # a table without a header may go on the one above it

    def region(self, region: Region) -> None:
        titles, rows = table_heads.titles(region, self._wide)
        if len(rows) == 1 and region.width == 1:
            titles, rows = [(rows[0][0], rows[0][1][region.left].text)], []
        for number, said in titles:
            self.end()
            self._title = region, number, said
        if len(rows) == 1:
            self.end()
            number, row = rows[0]
            self._line(region, number, " | ".join(cell.text for cell in region.cells(row) if cell.text))
        elif rows:
            self._table(Region(region.left, region.right, rows))

    def end(self) -> None:
        """What was held for a title is a line of its own."""
        if self._title:
            self._line(*self._title)
            self._title = None

    def _headings(self) -> None:
        if self._name:
            self._outline.heading(1, self._name)
        if self._title and self._name and len(self._title[2]) <= _TITLE_LONGEST:
            self._outline.heading(2, self._title[2])
            self._title = None
        self.end()

    def _line(self, region: Region, number: int, said: str) -> None:
        if self._name:
            self._outline.heading(1, self._name)
        text = one_line(said).lstrip("| ")
        self._outline.place(_place(self._name, region.left, region.right))
        self._outline.block(text, [Spot(0, len(text), number)])

    def _table(self, body: Region) -> None:
        self._headings()
        header, skipped = table_heads.of(body, self._wide, self._before)
        self._before = body, header
        _table(self._outline, self._name, body, header, skipped)


def whole(name: str) -> Locator:
    """What stands on a sheet and in none of its cells."""
    return Locator(sheet=name or None)


def _place(name: str, left: int, right: int) -> Locator:
    columns = letters(left) if left == right else f"{letters(left)}:{letters(right)}"
    return Locator(sheet=name or None, columns=columns)


def _table(outline: Outline, name: str, body: Region, header: Sequence[str], skipped: int) -> None:
    """A table with a long header is cut between its columns, each part with the first column, so that none loses it."""
    heads = [cell_text(said) for said in header]
    rows = [(number, [cell_text(cell.text) for cell in body.cells(row)]) for number, row in body.rows]
    for first, last in _groups(heads):
        keeps_key = first > 0
        told = [(number, cells[:1] * keeps_key + cells[first : last + 1]) for number, cells in rows]
        head = heads[:1] * keeps_key + heads[first : last + 1]
        outline.place(_place(name, body.left + first, body.left + last))
        _rows(outline, head, told[:skipped], told[skipped:])


def _rows(
    outline: Outline,
    head: Sequence[str],
    headed: Sequence[tuple[int, Sequence[str]]],
    rows: Sequence[tuple[int, Sequence[str]]],
) -> None:
    lines = [row_line(head), delimiter_line(len(head))]
    at = len(lines[0])
    spots = [Spot(0, at, number) for number, _ in headed[:1]]
    at += 1 + len(lines[1])
    for number, cells in rows:
        line = row_line(cells)
        spots.append(Spot(at + 1, at + 1 + len(line), number))
        at += 1 + len(line)
        lines.append(line)
    outline.block("\n".join(lines), spots)


def _groups(heads: Sequence[str]) -> Iterator[tuple[int, int]]:
    """First and last columns of the parts whose header is short enough to stand above every piece."""
    first, room = 0, _HEADER_ROOM
    for at, head in enumerate(heads):
        cost = _COLUMN_COST + len(head)
        if at > first and cost > room:
            yield first, at - 1
            first, room = at, _HEADER_ROOM - _COLUMN_COST - len(heads[0])
        room -= cost
    yield first, len(heads) - 1
