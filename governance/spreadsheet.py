"""Rows as CSV that is safe to open: what a spreadsheet would run as a formula is told as text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

FORMULAS = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")  # the last four are wide ones, which some spreadsheets run too
# Where a cell begins: at the start, and behind a sign other than the comma at which a spreadsheet may part cells, as Excel
# does in much of Europe. Blanks and quotes there do not keep every one of them from running what follows.
_BEGINNING = re.compile(r"(?:\A|[;|\t\r\n])[\s\";|]*")


def row(values: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([plain(value) for value in values])
    return line.getvalue()


def plain(value: object) -> object:
    if not isinstance(value, str):
        return value
    safe = _BEGINNING.sub(lambda found: f"{found[0]}'" if _runs(value, found.end()) else found[0], value)
    return f"'{safe}" if safe[:1] in {"\t", "\r", "\n"} else safe


def _runs(value: str, place: int) -> bool:
    return value[place : place + 1] in FORMULAS
