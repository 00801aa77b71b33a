"""Which rows of a table are its header: they differ from those below them as words differ from figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ingestion.parsers.tables.grids import Cell, Merge, Region, Row, letters

_DEEPEST = 4  # rows
_SAMPLE = 20  # rows below, by which a header is told
_YEARS = range(1900, 2101)
Wide = Mapping[int, Sequence[Merge]]  # merged cells over several columns, by their rows


def of(body: Region, merges: Wide, before: tuple[Region, list[str]] | None) -> tuple[list[str], int]:
    """The words over each column, and how many rows they take: none where the table has no header of its own."""
    depth = _depth(body, merges)
    if _votes(body, depth) < 0:
        if before is not None and before[0].left <= body.left and body.right <= before[0].right:
            start = body.left - before[0].left
            return before[1][start : start + body.width], 0
        return [letters(column) for column in range(body.left, body.right + 1)], 0
    told = [_across(body, number, row, merges.get(number, ())) for number, row in body.rows[:depth]]
    return [" ".join(dict.fromkeys(filter(None, over))) for over in zip(*told, strict=True)], depth


def _depth(body: Region, merges: Wide) -> int:
    """How many rows the header takes: more than one where the first spans columns, or names few of them."""
    number, first = body.rows[0]
    spans = any(one.left in first for one in merges.get(number, ()))
    for at in range(1, min(_DEEPEST, len(body.rows) - 1)):
        row = body.rows[at][1]
        if any(cell.kind != "t" for cell in row.values()):
            break
        if (spans or len(row) >= 2 * len(first)) and (len(row) * 2 >= body.width or at == _DEEPEST - 1):
            return at + 1
    return 1


def _across(body: Region, number: int, row: Row, wide: Sequence[Merge]) -> list[str]:
    """The words of a row of the header, those of a merged cell over each of its columns."""
    said = [cell.text for cell in body.cells(row)]
    for one in wide:
        for column in range(max(one.left, body.left), min(one.right, body.right) + 1):
            said[column - body.left] = row[one.left].text if one.left in row else ""
    return said


def _votes(body: Region, depth: int) -> int:
    """Above 0 where the header differs from the rows below it as words from figures, below 0 where it is like them."""
    first = body.cells(body.rows[depth - 1][1])
    below = [body.cells(row) for _, row in body.rows[depth : depth + _SAMPLE]]
    votes = 0
    for column, head in enumerate(first):
        kinds = [row[column].kind for row in below if row[column].text]
        if head.text and kinds and sum(kind != "t" for kind in kinds) * 5 >= len(kinds) * 3:
            is_like_them = head.kind == kinds[0] and not _is_year(head)
            votes += -1 if is_like_them else 1
    return votes


def _is_year(cell: Cell) -> bool:
    return cell.text.isdecimal() and len(cell.text) == 4 and int(cell.text) in _YEARS


def titles(region: Region, wide: Wide) -> tuple[list[tuple[int, str]], list[tuple[int, Row]]]:
    """Lines of one cell above the table, and its rows. In a region of one column every row is one."""
    if region.width == 1:
        return [], region.rows
    at = 0
    while at < len(region.rows) and len(region.rows[at][1]) == 1:
        number, row = region.rows[at]
        if any(merge.left in row and merge.left > region.left for merge in wide.get(number, ())):
            break  # over some columns alone: the first row of a header
        at += 1
    return [(number, next(iter(row.values())).text) for number, row in region.rows[:at]], region.rows[at:]
