"""Spans of a passage that can support a sentence: its sentences, list items and rows of tables, with what they state."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingestion import blocks, facts, terms
from ingestion.facts import Fact

_CELL = re.compile(r"(?<!\\)\|")
_DELIMITER = re.compile(r"[\s|:-]*-[\s|:-]*")
_NEGATION = re.compile(
    r"\b(?:not?|never|none|nor|neither|without|cannot|\w+n['’]t|nicht|nie|niemals|kein\w*|ohne|weder)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Cell:
    """One cell of a row under the terms of its column's head, less those that every column has."""

    head: frozenset[str]
    values: tuple[Fact, ...]


@dataclass(frozen=True)
class Span:
    """`text[start:end]` of the passage. For a row of a table `terms` and `values` count those of its header rows too;
    `label` is the terms of its first cell.
    """

    start: int
    end: int
    terms: frozenset[str]
    values: tuple[Fact, ...]
    is_negative: bool
    label: frozenset[str] = frozenset()
    cells: tuple[Cell, ...] = field(default=())

    @property
    def is_row(self) -> bool:
        return bool(self.cells)

    def states(self, fact: Fact, asked: frozenset[str]) -> bool:
        """Whether the fact stands here. In a table it has to stand in a column that the asked terms name, if they
        name any.
        """
        if not self.cells:
            return any(fact.agrees(other) for other in self.values)
        named = [cell for cell in self.cells if cell.head & asked]
        inside = [cell for cell in self.cells if any(fact.agrees(value) for value in cell.values)]
        first = self.cells[0]
        if not inside:
            return any(fact.agrees(other) for other in self.values)
        return not named or first in inside or any(cell in named for cell in inside)


def read(text: str) -> list[Span]:
    """The spans of a passage, in its order."""
    spans: list[Span] = []
    for unit in blocks.units(text):
        inside = text[unit.start : unit.end]
        if not inside.startswith("|"):
            spans.extend(_plain(text, part.start, part.end) for part in blocks.sentences(text, unit))
            continue
        if unit.header:
            spans.append(_row(text, unit.start, unit.end, text[slice(*unit.header)]))
        else:
            header, start = _headed(inside)
            spans.append(_row(text, unit.start + start, unit.end, header))
    return spans


def is_negative(text: str) -> bool:
    return bool(_NEGATION.search(text))


def _headed(inside: str) -> tuple[str, int]:
    """The header rows above a table's first row, and where that row starts; the header alone stands for itself."""
    lines = inside.split("\n")
    rule = next((at for at, line in enumerate(lines[:3]) if _DELIMITER.fullmatch(line)), -1)
    header = "\n".join(lines[: rule + 1])
    return (header, len(header) + 1) if 0 <= rule < len(lines) - 1 else ("", 0)


def _plain(text: str, start: int, end: int) -> Span:
    inside = text[start:end]
    stated = tuple(facts.values(facts.bare(inside)))
    return Span(start, end, frozenset(terms.terms(inside)), stated, is_negative(inside))


def _row(text: str, start: int, end: int, header: str) -> Span:
    inside = text[start:end]
    written = _cells(inside)
    heads = _heads(header, len(written))
    cells = tuple(Cell(head, tuple(facts.values(cell))) for head, cell in zip(heads, written, strict=True))
    stated = tuple(fact for cell in cells for fact in cell.values)
    return Span(
        start,
        end,
        frozenset(terms.terms(f"{header}\n{inside}")),
        (*stated, *facts.values(header)),
        is_negative(inside),
        frozenset(terms.terms(written[0])) if written else frozenset(),
        cells,
    )


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in _CELL.split(row.strip().removeprefix("|").removesuffix("|"))]


def _heads(header: str, width: int) -> Sequence[frozenset[str]]:
    names = [frozenset(terms.terms(cell)) for cell in _cells(header.partition("\n")[0])] if header else []
    shared = frozenset.intersection(*names[1:]) if len(names) > 2 else frozenset()
    return [names[at] - shared if at < len(names) else frozenset() for at in range(width)]
