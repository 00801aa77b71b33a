"""Text that is a table: which sign stands between its columns, and whether there is one at all."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable

DELIMITERS = ",;\t|"
ENDINGS = {".csv": ",;|\t", ".tsv": "\t", ".tab": "\t"}
_MARK = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)  # what Excel writes above a table, and does not show
_SAMPLE = 16_384  # characters
_LINES_LEAST, _COLUMNS_LEAST = 5, 3  # of a table that no name calls one
_AGREE = 0.95  # of its lines, that have as many columns as most
_NAMED_AGREE = 0.5
_CODE = re.compile(r"\s*[\[{<#/]|.*[{]\s*$")  # lines of JSON, markup and programs have regular commas, too


def without_mark(text: str) -> tuple[str, str]:
    """The text, and the delimiter that its first line names, or nothing."""
    found = _MARK.match(text)
    return (text[found.end() :], found[1]) if found else (text, "")


def delimiter(text: str) -> str:
    """The sign by which the most lines have the same number of columns; nothing where none makes two."""
    sample = _whole_lines(text)
    ranked = []
    for sign in DELIMITERS:
        columns, share = _shape(_fields(sample, sign))
        if columns > 1:
            ranked.append((round(share, 2), columns, sign))
    return max(ranked)[2] if ranked else ""


def is_table(text: str) -> bool:
    """Whether it is clearly one: row after row of as many columns, and no lines that belong to something else."""
    sample = _whole_lines(text)
    lines = [line for line in sample.splitlines() if line.strip()]
    if len(lines) < _LINES_LEAST or sum(bool(_CODE.match(line)) for line in lines) > len(lines) * (1 - _AGREE):
        return False
    for sign in ",;\t":
        columns, share = _shape(_fields(sample, sign))
        if columns >= _COLUMNS_LEAST and share >= _AGREE:
            return True
    return False


def agrees(text: str, ending: str) -> bool:
    """Whether a file whose name says that it is a table may be one: at least half of its rows have as many columns."""
    text, named = without_mark(text)
    if named:
        return True
    sample = _whole_lines(text)
    for sign in ENDINGS[ending]:
        columns, share = _shape(_fields(sample, sign))
        if columns > 1 and share >= _NAMED_AGREE:
            return True
    # A table may have one column: short lines, none of which is a sentence.
    lines = [line for line in sample.splitlines() if line.strip()]
    return bool(lines) and ending == ".csv" and all(len(line.split()) <= 4 for line in lines)


def _whole_lines(text: str) -> str:
    """The beginning, without the line that the cut goes through."""
    if len(text) <= _SAMPLE:
        return text
    head = text[:_SAMPLE]
    return head.rpartition("\n")[0] or head


def _fields(sample: str, sign: str) -> list[int]:
    try:
        return [len(row) for row in csv.reader(sample.splitlines(keepends=True), delimiter=sign) if any(row)]
    except csv.Error:
        return []


def _shape(widths: Iterable[int]) -> tuple[int, float]:
    """The most frequent number of columns, and the share of rows that have it."""
    counts = Counter(widths)
    if not counts:
        return 0, 0.0
    columns, count = counts.most_common(1)[0]
    return columns, count / counts.total()
