"""A table that is taken away is opened with whatever is at hand: nothing in it is run there."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance import spreadsheet

SIGNS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
PARTED_AT = (",", ";", "\t", "|")


def cells(line: str, parted_at: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(line, newline=""), delimiter=parted_at) for cell in row]


@pytest.mark.parametrize(
    "value",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r\n=1+1", " =1+1", "\u00a0=1+1", "\uff1d1+1", "Meier;=1+1", "a\t=1+1",
     "a\n=1+1", "a; \uff0b1", 'a"b;=1+1', "a|=1+1", '";=1+1'],
)  # fmt: skip
def test_no_spreadsheet_runs_it_wherever_it_parts_its_cells(value: str) -> None:
    line = spreadsheet.row(["first", value, "last"])
    for parted_at in PARTED_AT:
        assert not [cell for cell in cells(line, parted_at) if cell.strip().startswith(SIGNS)], (parted_at, line)


@given(st.lists(st.text(alphabet=";|\t\n\r=+-@ a\",'", max_size=12), min_size=1, max_size=4))
def test_no_mixture_of_signs_gets_through(values: list[str]) -> None:
    line = spreadsheet.row(values)
    for parted_at in PARTED_AT:
        assert not [cell for cell in cells(line, parted_at) if cell.strip().startswith(SIGNS)], (parted_at, line)


@pytest.mark.parametrize(
    "value", ["Meier & Sons", "a = b", "12.5", "2026-11-28", "", "x-ray", "see; that", "a@b.example"]
)
def test_what_is_no_formula_stays_as_it_is(value: str) -> None:
    assert spreadsheet.plain(value) == value
    assert spreadsheet.plain(-1.5) == -1.5
