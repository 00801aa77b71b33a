"""Lines of a page as the rows of a table: by the columns that their cells share, whatever the head above them spans."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from ingestion.parsers import written
from ingestion.parsers.base import Spot
from ingestion.parsers.outline import table
from ingestion.parsers.pages.lines import Cell, Line, around
from ingestion.parsers.written import Written

GAP = 1.45  # from foot to foot, of the letters' size: more ends a paragraph, or a cell
ROW_GAP = 4.0  # the same for the rows of a table
HEAD_MOST = 8  # lines
_FIGURE = re.compile(
    r"[-+–−(<>~±]*\s?[$€£¥]?\s?\d[\d.,  '’:/%()±*-]*(?:[%‰$€£¥]|\s?[A-Za-z]{1,3})?|[-–—−]|\(?(?:NA|n/a|N/A|X|nil)\)?"
)
_YEAR = re.compile(r"(?:19|20)\d\d\*?")
_LEADER = re.compile(r"(?:\s*[.\u2026_]){4,}\Z")  # dots that lead the eye to the figures
_LAP = 0.15  # of the narrower one: cells that overlap by less stand side by side
_SPLIT = 0.55  # of the letters' size: a gap in a head that may part two columns
_BRIDGED = 0.2  # of the rows: if more of them have a cell over several columns, these are none
Column = tuple[float, float]


def is_figure(text: str) -> bool:
    return bool(_FIGURE.fullmatch(text))


def whole(lines: Sequence[Line]) -> list[Line]:
    """Lines that follow each other on one height, from left to right, as one: far apart, they are written one by one."""
    told: list[Line] = []
    for line in lines:
        if told and _is_beside(told[-1], line):
            cells = (*told[-1].cells, *line.cells)
            told[-1] = replace(told[-1], cells=cells, is_broken=line.is_broken, marks=(*told[-1].marks, *line.marks))
        else:
            told.append(line)
    return told


def _is_beside(one: Line, other: Line) -> bool:
    if one.ruled or other.ruled or one.is_broken or abs(one.foot - other.foot) > 0.1 * one.size:
        return False
    gap = other.left - one.cells[-1].right
    return one.size == other.size and one.is_bold == other.is_bold and gap > one.size


def continues(block: Sequence[Line], line: Line, fall: float) -> bool:
    """A row, or the further line of a cell; text that merely follows a table starts at its left edge again."""
    if line.is_row or (line.is_head and block[-1].is_head):
        return True
    if not 0 <= fall <= ROW_GAP * line.size or (len(block[0].cells) == 1 and not block[0].is_head) or line.is_head:
        return False
    if len(line.cells) > 1:
        return True
    left = min(each.left for each in block)
    return fall <= GAP * line.size and line.left > left + line.size


def told(block: Sequence[Line]) -> Written:
    columns = _columns(block)
    if len(block) < 2 or not columns:
        return written.joined([_placed("  ".join(cell.text for cell in line.cells), [line]) for line in block], "\n")
    spread = [_spread(line, columns, is_head=False) for line in block]
    deep = _deep(block, spread)
    over = [_over(line, columns, at + 1 < deep) for at, line in enumerate(block[:deep])]
    head = [" ".join(dict.fromkeys(filter(None, cells))) for cells in zip(*over, strict=True)]
    rows, places = [head], [list(block[:deep])]
    for line, row in zip(block[deep:], spread[deep:], strict=True):
        is_first = len(rows) == 1
        if not is_first and _is_close(places[-1][-1], line) and _goes_on(rows[-1], row):
            rows[-1], places[-1] = _merged(rows[-1], row), [*places[-1], line]
        else:
            rows, places = [*rows, row], [*places, [line]]
    header, rule, *body = table(_without_gaps(rows)).split("\n")
    kept = [lines for row, lines in zip(rows[1:], places[1:], strict=True) if any(row)]
    under = [_placed(text, lines) for text, lines in zip(body, kept, strict=True)]
    return written.joined([_placed(header, places[0]), Written(rule), *under], "\n")


def _placed(text: str, lines: Sequence[Line]) -> Written:
    box = around(line.box for line in lines)
    return Written(text, (Spot(0, len(text), box=box),) if box and text else ())


def _columns(block: Sequence[Line]) -> list[Column]:
    """The spans of x that cells share, by the fullest rows first; a cell over several of them changes none."""
    found: list[Column] = []
    body = [line for line in block if not line.is_head]
    for line in sorted(block, key=lambda line: (line.is_head, -len(line.cells))):
        for cell in line.cells:
            met = _met(cell, found)
            if not met and not line.is_head:
                found = sorted([*found, (cell.left, cell.right)])
            elif len(met) == 1:
                found[met[0]] = _wider(found, met[0], cell)
    parts = [[part for cell in line.cells for part in _split(cell, found, 0.0)] for line in body[1:]]
    bridged = sum(any(len(_met(part, found)) > 1 for part in line) for line in parts)
    return found if len(found) > 1 and bridged <= _BRIDGED * len(body) else []


def _wider(columns: Sequence[Column], at: int, cell: Cell) -> Column:
    """The column with the cell in it, as far as the next one on either side."""
    left, right = min(columns[at][0], cell.left), max(columns[at][1], cell.right)
    before = columns[at - 1][1] if at else left
    after = columns[at + 1][0] if at + 1 < len(columns) else right
    return max(left, before), min(right, after)


def _met(cell: Cell, columns: Sequence[Column]) -> list[int]:
    """Those that a cell stands in or across."""
    found = []
    start, end = cell.left, cell.right
    for at, (left, right) in enumerate(columns):
        if left >= end:
            break
        if right > start and min(right, end) - max(left, start) > _LAP * min(end - start, right - left):
            found.append(at)
    return found


def _spread(line: Line, columns: Sequence[Column], *, is_head: bool) -> list[str]:
    """What of a line stands in each column. A head over several of them is said over each."""
    row = [""] * len(columns)
    for whole in line.cells:
        for cell in _split(whole, columns, _SPLIT * line.size if is_head else 0.0):
            met = _met(cell, columns) or _nearest(cell, columns)
            for column in met if is_head else met[:1]:
                row[column] = f"{row[column]} {cell.text}".strip()
    return [_LEADER.sub("", said) for said in row]


def _over(line: Line, columns: Sequence[Column], is_above: bool) -> list[str]:
    """A line of the head over the columns. Where it `is_above` another and its cells stand each in the middle of as many
    columns, behind those of the rows' names or over all, each is said over all of its own.
    """
    row = _spread(line, columns, is_head=True)
    said = [cell for cell in line.cells if cell.left > columns[0][1]]
    for first in (1, 0):
        under = columns[first:]
        if is_above and len(said) == len(line.cells) > 1 and len(under) % len(said) == 0 and len(under) > len(said):
            size = len(under) // len(said)
            groups = [under[at : at + size] for at in range(0, len(under), size)]
            pairs = list(zip(said, groups, strict=True))
            if all(group[0][0] <= (cell.left + cell.right) / 2 <= group[-1][1] for cell, group in pairs):
                return [""] * first + [cell.text for cell, group in pairs for _ in group]
    return row


def _split(cell: Cell, columns: Sequence[Column], least: float) -> Iterator[Cell]:
    """A cell over several columns in its parts, where there is a gap between two of its words over that of the columns."""
    words = cell.text.split(" ")
    met = _met(cell, columns)
    if len(met) < 2 or len(words) != len(cell.gaps) + 1:
        yield cell
        return
    bounds = [(columns[one][1] + columns[other][0]) / 2 for one, other in pairwise(met)]
    first, left = 0, cell.left
    for at, (end, start) in enumerate(cell.gaps, 1):
        if start - end > least and any(end - 1 <= bound <= start + 1 for bound in bounds):
            yield replace(cell, text=" ".join(words[first:at]), left=left, right=end, gaps=cell.gaps[first : at - 1])
            first, left = at, start
    yield replace(cell, text=" ".join(words[first:]), left=left, gaps=cell.gaps[first:])


def _nearest(cell: Cell, columns: Sequence[Column]) -> list[int]:
    """Of a cell that stands in no column: the two on its sides, the nearer one first."""
    middle = (cell.left + cell.right) / 2
    before = [at for at, (_, right) in enumerate(columns) if right <= middle][-1:]
    after = [at for at, (left, _) in enumerate(columns) if left > middle][:1]
    return sorted(before + after, key=lambda at: abs(sum(columns[at]) / 2 - middle))


def _deep(block: Sequence[Line], rows: Sequence[Sequence[str]]) -> int:
    """How many lines the head takes: to the first that has a figure where figures stand below."""
    deep = sum(line.is_head for line in block[:HEAD_MOST])
    figures = _figures(rows[max(deep, 1) :])
    over = set().union(*({at for at, cell in enumerate(row) if cell} for row in rows[:deep])) if deep else set[int]()
    for row in rows[deep : min(HEAD_MOST, len(rows) - 1)]:
        said = {at for at, cell in enumerate(row) if cell}
        is_data = any(is_figure(row[at]) and not _YEAR.fullmatch(row[at]) for at in said & figures)
        if not figures or is_data or (figures <= over and said <= {0}):
            break
        over |= said
        deep += 1
    return max(deep, 1)


def _figures(rows: Sequence[Sequence[str]]) -> set[int]:
    """The columns of figures."""
    found = set[int]()
    for at, cells in enumerate(zip(*rows, strict=True)):
        said = [cell for cell in cells if cell]
        if said and sum(map(is_figure, said)) * 5 >= len(said) * 3:
            found.add(at)
    return found


def _is_close(above: Line, line: Line) -> bool:
    """Whether it stands right below the line above, as a cell's further line does."""
    return above.foot - line.foot <= GAP * line.size


def _goes_on(above: Sequence[str], row: Sequence[str]) -> bool:
    """Whether a line says more of the row above it: of some of its cells, or of a name that was too long for one line."""
    said = [at for at, cell in enumerate(row) if cell]
    if any(is_figure(row[at]) and (is_figure(above[at]) or not above[at]) for at in said):
        return bool(row[0]) and row[0][:1].islower() and not any(above[1:])
    return not row[0] and len(said) < sum(map(bool, above))


def _merged(above: Sequence[str], below: Sequence[str]) -> list[str]:
    return [" ".join(filter(None, pair)) for pair in zip(above, below, strict=True)]


def _without_gaps(rows: Sequence[list[str]]) -> list[list[str]]:
    """A column that only the head names, beside one that it does not name, is that one: its words stand elsewhere."""
    kept: list[list[str]] = []
    for column in map(list, zip(*rows, strict=True)):
        if kept and ((not any(kept[-1][1:]) and not column[0]) or (not any(column[1:]) and not kept[-1][0])):
            kept[-1] = [" ".join(filter(None, pair)) for pair in zip(kept[-1], column, strict=True)]
        else:
            kept.append(column)
    return [list(row) for row in zip(*kept, strict=True)]
