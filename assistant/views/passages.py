"""A passage's text as a reader sees it: a table as a table, and the words that were quoted marked. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_DELIMITER = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
_CELL_END = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Row:
    cells: tuple[str, ...]
    is_quoted: bool


@dataclass(frozen=True)
class Block:
    """Prose in `parts` of (text, is it quoted), or a table: `header` may be empty, `rows` are not."""

    parts: tuple[tuple[str, bool], ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()


def cited(text: str, citation: Mapping[str, Any]) -> list[Block]:
    """With what the citation quotes marked: at the place that it names, where that is one of this text. The quote alone may stand
    there twice, or an output rule has cut words out of it.
    """
    quote, start, end = str(citation.get("quote", "")), citation.get("start", 0), citation.get("end", 0)
    is_there = citation.get("is_in_place") or (quote and text[start:end] == quote)
    return _marked(text, start, end) if is_there else blocks(text, quote)


def blocks(text: str, quote: str = "") -> list[Block]:
    """`quote` may have its white space folded; where it does not stand in the text nothing is marked."""
    return _marked(text, *place(text, quote))


def _marked(text: str, start: int, end: int) -> list[Block]:
    found = []
    for is_table, at, lines in _runs(text):
        if is_table:
            found.append(_table(lines, at, start, end))
        else:
            found.append(Block(parts=tuple(_parts("".join(lines), at, start, end))))
    return [block for block in found if block.rows or any(part.strip() for part, _ in block.parts)]


def place(text: str, quote: str) -> tuple[int, int]:
    """Where the quote stands; (0, 0) where it does not."""
    words = quote.split()
    found = re.search(r"\s+".join(map(re.escape, words)), text, re.IGNORECASE) if words else None
    return found.span() if found else (0, 0)


def _runs(text: str) -> Iterator[tuple[bool, int, list[str]]]:
    """(is it a table, where it starts, its lines) for each run of lines of one kind."""
    lines = text.splitlines(keepends=True)
    at = start = 0
    held: list[str] = []
    for number, line in enumerate(lines):
        if held and _is_row(line) != _is_row(lines[number - 1]):
            yield _is_row(lines[number - 1]), start, held
            start, held = at, []
        held.append(line)
        at += len(line)
    if held:
        yield _is_row(lines[-1]), start, held


def _is_row(line: str) -> bool:
    return line.lstrip().startswith("|") and line.count("|") > 1


def _table(lines: list[str], at: int, start: int, end: int) -> Block:
    rows: list[Row] = []
    header: tuple[str, ...] = ()
    for line in lines:
        first, last = at, at + len(line.rstrip())
        at += len(line)
        if _DELIMITER.match(line):
            header = rows.pop().cells if len(rows) == 1 and not header else header
            continue
        rows.append(Row(_cells(line), start < last and end > first))
    if not rows and header:
        rows, header = [Row(header, is_quoted=False)], ()
    width = max(len(header), *(len(row.cells) for row in rows), 0)
    header = header + ("",) * (width - len(header)) if header else ()
    even = [Row(row.cells + ("",) * (width - len(row.cells)), row.is_quoted) for row in rows]
    return Block(header=header, rows=tuple(even))


def _cells(line: str) -> tuple[str, ...]:
    inside = line.strip().removeprefix("|")
    inside = inside[:-1] if inside.endswith("|") and not inside.endswith("\\|") else inside
    return tuple(cell.strip().replace("\\|", "|") for cell in _CELL_END.split(inside))


def _parts(text: str, at: int, start: int, end: int) -> Iterator[tuple[str, bool]]:
    first, last = max(start - at, 0), max(min(end - at, len(text)), 0)
    if first >= last:
        yield text.strip("\n"), False
        return
    yield text[:first].lstrip("\n"), False
    yield text[first:last], True
    yield text[last:].rstrip("\n"), False
