"""Tables whose cells are parted by drawn lines: what stands in each cell, whatever the order in which the page writes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ingestion.parsers import written
from ingestion.parsers.base import Spot
from ingestion.parsers.outline import cell_text, delimiter_line, row_line
from ingestion.parsers.pages import rows
from ingestion.parsers.pages.lines import Cell, Line, around
from ingestion.parsers.pages.rules import Frame
from ingestion.parsers.written import Written

PARTS_MOST = 12  # lines of a cell: with more it is a page set in boxes
FILLED_LEAST = 0.35  # of the cells: with less it is a form, or paper with lines
OWN_LEAST = 0.55  # of the places: with fewer cells of their own it is a form
_LINES_LIKELY = 4  # of a cell: where several have more, and as many, they are rows
_WIDE = 0x2E80  # signs from here on are written without spaces between words
Place = tuple[int, int]


def tables(lines: Sequence[Line], frames: Sequence[Frame]) -> list[Line]:
    """The lines with each table in the place of its first one."""
    told = list(lines)
    for frame in frames:
        told = _with_table(told, frame)
    return told


def _with_table(lines: list[Line], frame: Frame) -> list[Line]:
    made = _Table(frame)
    outside: list[Line] = []
    at = -1
    for line in lines:
        inside = [] if line.ruled else [cell for cell in line.cells if made.take(line, cell)]
        at = len(outside) if inside and at < 0 else at
        rest = tuple(cell for cell in line.cells if cell not in inside)
        outside += [line] if not inside else [replace(line, cells=rest)] if rest else []
    ruled = made.line() if at >= 0 else None
    return [*outside[:at], ruled, *outside[at:]] if ruled else lines


@dataclass
class _Table:
    frame: Frame
    _held: dict[Place, list[tuple[Line, Cell]]] = field(default_factory=dict)

    def take(self, line: Line, cell: Cell) -> bool:
        place = self.frame.cell((cell.left + cell.right) / 2, line.foot + line.size / 3)
        if place is not None:
            self._held.setdefault(place, []).append((line, cell))
        return place is not None

    def line(self) -> Line | None:
        """None where it is none: a form, a page in boxes, a drawing."""
        places = (len(self.frame.down) - 1) * (len(self.frame.across) - 1)
        if len(self._held) < OWN_LEAST * FILLED_LEAST * places:
            return None
        owners = _owners(self.frame)
        cells: dict[Place, list[tuple[Line, Cell]]] = {}
        for place in sorted(self._held):
            cells.setdefault(owners[place], []).extend(self._held[place])
        if len({*owners.values()}) < OWN_LEAST * len(owners) or len(cells) < FILLED_LEAST * len({*owners.values()}):
            return None
        if any(len(held) > PARTS_MOST for held in cells.values()) or _are_bands(cells):
            return None
        said = _Rows(owners, cells).written()
        first = [one for held in cells.values() for one in held]
        size = Counter(line.size for line, _ in first).most_common(1)[0][0]
        foot = max(line.foot for line, _ in first)
        return Line(tuple(cell for _, cell in first), size, foot, is_bold=False, ruled=said) if said else None


def _are_bands(cells: Mapping[Place, Sequence[tuple[Line, Cell]]]) -> bool:
    """Whether several rows stand between two lines: as many figures below each other in one cell as in the next."""
    by_row: dict[int, list[tuple[int, bool]]] = {}
    for (row, _), held in cells.items():
        if len(held) > 1:
            are_figures = all(rows.is_figure(cell.text) for _, cell in held)
            by_row.setdefault(row, []).append((len(held), are_figures))
    for told in by_row.values():
        count, times = Counter(count for count, _ in told).most_common(1)[0]
        if times > 1 and (count > _LINES_LIKELY or any(are for each, are in told if each == count)):
            return True
    return False


def _owners(frame: Frame) -> dict[Place, Place]:
    """Of each place in the frame the upper left one of the cell that it belongs to."""
    rows, columns = len(frame.down) - 1, len(frame.across) - 1
    owners: dict[Place, Place] = {}
    for row in range(rows):
        for column in range(columns):
            here = owners.setdefault((row, column), (row, column))
            to_right, below = frame.is_open(row, column)
            if to_right and column + 1 < columns:
                owners[row, column + 1] = owners.get((row, column + 1), here)
            if below and row + 1 < rows:
                owners[row + 1, column] = here
    return owners


@dataclass
class _Rows:
    owners: dict[Place, Place]
    cells: dict[Place, list[tuple[Line, Cell]]]

    def written(self) -> Written | None:
        said = {place for place in self.owners if self._said(*place)}
        numbers, columns = sorted({row for row, _ in said}), sorted({column for _, column in said})
        titles = [row for row in numbers if len({self.owners[row, column] for column in columns}) == 1]
        above = next((at for at, row in enumerate(numbers) if row not in titles), len(numbers))
        titles, numbers = numbers[:above], numbers[above:]
        full = sum(
            len({self.owners[row, column] for column in columns if (row, column) in said}) > 1 for row in numbers
        )
        if full < 2 or len(columns) < 2:
            return None
        deep = self._deep(numbers, columns)
        parts = [self._row(self._head(numbers[:deep], columns), numbers[:deep]), Written(delimiter_line(len(columns)))]
        for row in numbers[deep:]:
            own = [self._said(row, column) if self._is_told(row, column) else "" for column in columns]
            parts.append(self._row(own, [row]))
        titled = [self._placed(self._said(row, columns[0]), [row]) for row in titles]
        return written.joined([*titled, written.joined(parts, "\n")], "\n\n")

    def _head(self, numbers: Sequence[int], columns: Sequence[int]) -> list[str]:
        """The words over each column: those of a cell over several of them over each."""
        over = ([self._said(row, column) for row in numbers] for column in columns)
        return [" ".join(dict.fromkeys(filter(None, each))) for each in over]

    def _deep(self, rows: Sequence[int], columns: Sequence[int]) -> int:
        """How many rows the head takes: as many as its tallest cell, and one more under a cell over several columns."""
        first = {self.owners[rows[0], column] for column in columns}
        tall = max(sum(self.owners[row, column] in first for row in rows) for column in columns)
        is_parted = len(first) < len(columns)
        return min(max(tall, 2 if is_parted else 1), len(rows) - 1)

    def _is_told(self, row: int, column: int) -> bool:
        """A cell over several columns is said in its first; one over several rows in each."""
        return self.owners[row, column][1] == column

    def _said(self, row: int, column: int) -> str:
        text = ""
        for line, cell in self.cells.get(self.owners[row, column], ()):
            is_joined = text.endswith("\x00") or (text and ord(text[-1]) >= _WIDE and ord(cell.text[0]) >= _WIDE)
            text = text.rstrip("\x00") + ("" if is_joined or not text else " ") + cell.text
            text += "\x00" if line.is_broken and cell is line.cells[-1] else ""
        return text.rstrip("\x00")

    def _row(self, cells: Sequence[str], numbers: Sequence[int]) -> Written:
        return self._placed(row_line(list(map(cell_text, cells))), numbers)

    def _placed(self, text: str, numbers: Sequence[int]) -> Written:
        box = around(cell.box for place, held in self.cells.items() if place[0] in numbers for _, cell in held)
        return Written(text, (Spot(0, len(text), box=box),) if box else ())
