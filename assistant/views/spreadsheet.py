"""Rows as CSV that is safe to open: what a spreadsheet would run as a formula is told as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

FORMULAS = "=+-@\t\r"


def row(values: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([plain(value) for value in values])
    return line.getvalue()


def plain(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in FORMULAS and value else value
