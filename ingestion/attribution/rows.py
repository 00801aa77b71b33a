"""Rows of a passage's tables: their cells, the heads of their columns, and which cells name a row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ingestion.attribution import facts, naming
from ingestion.cutting.blocks import Unit
from ingestion.search import terms

_CELL = re.compile(r"(?<!\\)\|")
_DELIMITER = re.compile(r"[\s|:]*-[\s|:-]*")


@dataclass(frozen=True)
class Row:
    """`text[start:end]` of the passage, bare, under `header`, which is empty where there is none. `heads` are the terms of each
    column's head, less those that every column but the first has, unless one has no others.
    """

    start: int
    end: int
    inside: str
    header: str

    @cached_property
    def written(self) -> list[str]:
        return _cells(self.inside)

    @cached_property
    def heads(self) -> list[frozenset[str]]:
        width = len(self.written)
        names = [naming.label(cell) for cell in _cells(self.header.partition("\n")[0])] if self.header else []
        shared = frozenset.intersection(*names[1:]) if len(names) > 2 else frozenset()
        shared = frozenset() if shared in names[1:] else shared  # Standard beside Standard Plus
        return [names[at] - shared if at < len(names) else frozenset() for at in range(width)]


def read(text: str, unit: Unit) -> Row:
    if unit.header:
        header, start = text[slice(*unit.header)], unit.start
    else:
        header, start = _headed(text[unit.start : unit.end])
        start += unit.start
    return Row(start, unit.end, facts.bare(text[start : unit.end]), facts.bare(header))


def labels(written: Sequence[Sequence[str]]) -> int:
    """How many of the first cells name a row: one, or as many as it takes for no row to be called like another, or by a number
    that only counts. Figures name none.
    """
    width = min(map(len, written))
    told = [[frozenset(terms.terms(cell)) for cell in row[:width]] for row in written]
    names = [row[0] for row in told]
    for most in range(1, width):
        if len(set(names)) == len(names) and all(map(_has_word, names)):
            return most
        if not all(_has_word(row[most]) and not _has_figure(row[most]) for row in told):
            break
        names = [name | row[most] for name, row in zip(names, told, strict=True)]
    return 1


def _has_word(words: frozenset[str]) -> bool:
    return any(map(str.isalpha, words))


def _has_figure(words: frozenset[str]) -> bool:
    return any(sign.isdigit() for word in words for sign in word)


def _headed(inside: str) -> tuple[str, int]:
    """The header rows above a table's first row, and where that row starts; the header alone stands for itself."""
    lines = inside.split("\n")
    rule = next((at for at, line in enumerate(lines[:3]) if _DELIMITER.fullmatch(line)), -1)
    header = "\n".join(lines[: rule + 1])
    return (header, len(header) + 1) if 0 <= rule < len(lines) - 1 else ("", 0)


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in _CELL.split(row.strip().removeprefix("|").removesuffix("|"))]
