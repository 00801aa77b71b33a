"""What belongs to a table of figures though its cells do not say so: the lines of its head, and rows of one cell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ingestion.parsers.pages import rows
from ingestion.parsers.pages.lines import Cell, Line

NEAR = 2.2  # from foot to foot, of the letters' size: a line of the head that is further from the next is none
LABEL_MOST, ROW_MOST = 40, 70  # characters of a cell of the head, of a row that is one cell
_BACK_MOST = 60  # lines before a table in which its head is looked for
_LARGE = 1.25  # of the letters of the rows: larger ones are a heading
_SAME_FOOT = 0.35  # of the letters' size
_CAPTION = re.compile(r"(?:table|tabelle|tab\.|figure|fig\.|abbildung|abb\.)\s*\d|.*[.:;!?]\Z", re.IGNORECASE)


def marked(lines: Sequence[Line]) -> list[Line]:
    """The lines with those of heads and rows told as such, and a head right above its table, from the top down."""
    told = _with_labels(list(lines))
    at = 0
    while at < len(told):
        end = _end(told, at)
        if end - at > 1:
            told, end = _headed(told, at, end)
        at = max(end, at + 1)
    return told


def _with_labels(lines: list[Line]) -> list[Line]:
    """A row of one cell between two rows of figures is a row: a group's name, or the first line of a long one."""
    for at in range(1, len(lines) - 1):
        before, line, after = lines[at - 1 : at + 2]
        if len(line.cells) == 1 and not line.ruled and (before.is_row or _is_row(before)) and _is_row(after):
            rise, fall = before.foot - line.foot, line.foot - after.foot
            is_within = 0 < rise <= rows.ROW_GAP * line.size and 0 < fall <= rows.ROW_GAP * line.size
            left = min(before.left, after.left)
            if (
                is_within
                and line.left < after.cells[1].left
                and line.left > left - 2 * line.size
                and _is_label(line, after)
            ):
                lines[at] = replace(line, is_row=True)
    return lines


def _is_label(line: Line, row: Line) -> bool:
    return len(line.text) <= ROW_MOST and line.size <= _LARGE * row.size and not line.text.endswith(".")


def _is_row(line: Line) -> bool:
    """A row of figures."""
    figures = sum(rows.is_figure(cell.text) for cell in line.cells)
    return len(line.cells) > 1 and not line.ruled and figures > 0 and figures >= len(line.cells) - 2


def _end(lines: Sequence[Line], start: int) -> int:
    """Behind the rows of figures that begin at `start`."""
    if not _is_row(lines[start]):
        return start
    for at in range(start + 1, len(lines)):
        line = lines[at]
        fall = lines[at - 1].foot - line.foot
        if not (0 < fall <= rows.ROW_GAP * line.size and (line.is_row or _is_row(line))):
            return at
    return len(lines)


def _headed(lines: list[Line], start: int, end: int) -> tuple[list[Line], int]:
    """With the head of the rows from `start` to `end` put together and right above them; and where they end now."""
    taken = _Above(lines[start:end]).taken([lines[at] for at in range(max(0, start - _BACK_MOST), start)])
    ids = {id(line) for line in taken}
    before = [line for line in lines[:start] if id(line) not in ids]
    head = _joined(taken)
    return [*before, *head, *lines[start:]], end - len(taken) + len(head)


class _Above:
    """What stands over the rows of a table, from the lowest line up, as long as it looks like a head."""

    def __init__(self, body: Sequence[Line]) -> None:
        self._size, self._top = body[0].size, body[0].foot
        self._left, self._right = min(line.left for line in body), max(line.cells[-1].right for line in body)
        fullest = max(body, key=lambda line: len(line.cells))
        self._first, self._columns = fullest.cells[0].right, len(fullest.cells)

    def taken(self, lines: Sequence[Line]) -> list[Line]:
        held: list[Line] = []
        sure = named = 0  # how many of them are the head for sure, and how many columns one of its lines names
        for level in _levels([line for line in lines if line.foot > self._top]):
            cells = [cell for line in level for cell in line.cells]
            if not self._is_head(level, cells, held):
                break
            held += level
            named = max(named, len(cells))
            is_whole = named >= self._columns - 1
            if len(cells) > 1 or cells[0].left > self._first:
                sure = len(held)
            elif is_whole:
                break  # a lone line at the left, above names of every column, is a title or a sentence
        return held[:sure]

    def _is_head(self, level: Sequence[Line], cells: Sequence[Cell], held: Sequence[Line]) -> bool:
        rise = level[0].foot - (held[-1].foot if held else self._top)
        is_within = (
            min(cell.left for cell in cells) >= self._left - 2 * self._size
            and max(cell.right for cell in cells) <= self._right + 2 * self._size
        )
        is_near = rise <= NEAR * max(self._size, level[0].size)
        return is_near and is_within and all(_is_of_head(line, self._size) for line in level)


def _is_of_head(line: Line, size: float) -> bool:
    if line.ruled or line.is_running or line.is_row or _is_row(line) or line.size > _LARGE * size:
        return False
    if len(line.cells) == 1 and _CAPTION.match(line.text) and not line.text.endswith(("…", "...", ". .")):
        return False
    return all(len(cell.text) <= LABEL_MOST for cell in line.cells)


def _levels(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines of each height, from the lowest up."""
    found: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.foot):
        if found and line.foot - found[-1][0].foot <= _SAME_FOOT * line.size:
            found[-1].append(line)
        else:
            found.append([line])
    return found


def _joined(parts: Sequence[Line]) -> list[Line]:
    """One line for each height, from the top down."""
    head: list[Line] = []
    for line in sorted(parts, key=lambda line: -line.foot):
        if head and head[-1].foot - line.foot <= _SAME_FOOT * line.size:
            cells = sorted((*head[-1].cells, *line.cells), key=lambda cell: cell.left)
            head[-1] = replace(head[-1], cells=tuple(cells))
        else:
            head.append(replace(line, is_head=True))
    return head
