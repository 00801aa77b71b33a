"""CSV and its kin: a table whose delimiter and header are told by what it holds, and whose rows know their numbers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from ingestion.media_types import tabular
from ingestion.parsers.base import Parsed, Parser
from ingestion.parsers.outline import Outline, legible
from ingestion.parsers.package import broken
from ingestion.parsers.tables import sheets
from ingestion.parsers.tables.grids import Cell, Grid
from ingestion.parsers.texts.text import decode

_FIELD_MOST = 10_000_000  # characters: a quote that is never closed takes the rest of the file with it
_SAMPLE = 200  # rows, by which a header is told
_MONEY = r"(?:[$€£¥] ?)?"
_NUMBER = re.compile(
    rf"[+-]?{_MONEY}[+-]?(?:\d{{1,3}}(?:[ .,'’]\d{{3}})+|\d+)?(?:[.,]\d+)?(?:[eE][+-]?\d+)?(?: ?(?:%|[$€£¥]|[A-Z]{{3}}))?"
)
_DATE = re.compile(
    r"\d{4}-\d\d?-\d\d?(?:[T ]\d\d?:\d\d.*)?|\d\d?[./-]\d\d?[./-](?:\d{4}|\d\d)(?: \d\d?:\d\d.*)?|\d\d?:\d\d(?::\d\d)?"
)


class Delimited(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        text, delimiter = tabular.without_mark(legible(decode(stream.read())).lstrip("\ufeff"))
        outline = Outline(self.bounds.characters)
        csv.field_size_limit(_FIELD_MOST)
        sheets.write_one(outline, _grid(text, delimiter or tabular.delimiter(text) or ","))
        sections = outline.filled()
        return Parsed("", sections)


def _grid(text: str, delimiter: str) -> Grid:
    """Rows are counted as a spreadsheet counts them that opens the file: empty ones too."""
    grid = Grid()
    for number, fields in enumerate(_rows(text, delimiter), 1):
        for column, field in enumerate(fields, 1):
            said = field.strip()
            if said:
                grid.put(number, column, Cell(said, _kind(said) if number <= _SAMPLE else "t"))
    return grid


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as fault:
        raise broken() from fault


def _kind(said: str) -> str:
    if len(said) > 40 or not said:
        return "t"
    if _DATE.fullmatch(said):
        return "d"
    return "n" if _NUMBER.fullmatch(said) and any(sign.isdecimal() for sign in said) else "t"
