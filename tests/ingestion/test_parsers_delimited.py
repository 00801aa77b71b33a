"""CSV: the delimiter, the header and the encoding are found out, and every row knows its number."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from ingestion import formats
from ingestion.parsers.base import Bounds, Parsed, ParseFailed
from ingestion.parsers.limited import sandbox
from ingestion.parsers.limited.sandbox import Limits
from ingestion.parsers.tables.delimited import Delimited


def parsed(content: str | bytes) -> Parsed:
    raw = content.encode() if isinstance(content, str) else content
    return Delimited().parse(io.BytesIO(raw))


def text(content: str | bytes) -> str:
    return "\n\n".join(section.text for section in parsed(content).sections)


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_makes_columns(sign: str) -> None:
    rows = [("City", "Rate, net", "Note"), ("Kassel", "1,20", "near; far"), ("Fulda", "0,90", "")]
    written = "\n".join(sign.join(f'"{cell}"' if sign in cell else cell for cell in row) for row in rows)
    assert text(written) == (
        "| City | Rate, net | Note |\n| --- | --- | --- |\n| Kassel | 1,20 | near; far |\n| Fulda | 0,90 |  |"
    )


def test_a_quoted_line_break_stays_in_its_cell_and_rows_are_counted_as_a_spreadsheet_does() -> None:
    read = parsed('City,Note\nKassel,"two\nlines, ""quoted"""\n\nFulda,x\n')
    assert read.sections[0].text.endswith('| Kassel | two lines, "quoted" |\n| Fulda | x |')
    assert [spot.line for spot in read.sections[0].spots] == [1, 2, 4]
    assert read.sections[0].locator.columns == "A:B"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_any_encoding_is_read(encoding: str) -> None:
    assert "| Größe | 1,70 m |" in text("Name;Wert\nGröße;1,70 m\nÜbermaß;2,00 m\n".encode(encoding))


def test_excels_first_line_names_the_delimiter_and_is_no_row() -> None:
    assert text("sep=^\na^b\n1^2\n") == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_lines_above_the_table_are_lines() -> None:
    assert text("Report of March\n\nCity,Rate\nKassel,120\nFulda,90\n") == (
        "Report of March\n\n| City | Rate |\n| --- | --- |\n| Kassel | 120 |\n| Fulda | 90 |"
    )


def test_a_table_without_a_header_has_the_letters_of_its_columns() -> None:
    assert text("2025-01-01,120\n2025-01-02,90\n2025-01-03,70\n").startswith("| A | B |\n| --- | --- |\n| 2025-01-01 |")


def test_rows_that_are_too_long_or_too_short_keep_their_cells() -> None:
    assert text("a,b\n1,2,3\n4\n") == "| a | b |  |\n| --- | --- | --- |\n| 1 | 2 | 3 |\n| 4 |  |  |"


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"", {"empty"}),
        (b",,,\n,,,\n", {"empty"}),
        (b'a,b\n"' + b"x" * 11_000_000, {"broken"}),  # a quote that is never closed
        (b"," * 1_000_000 + b"x", {"empty"}),  # one cell, in a column that no sheet has
        (b"a,b,c\n" * 200_000, {"too_large", "out_of_memory"}),
    ],
)
def test_hostile_tables_end_in_a_named_state(tmp_path: Path, content: bytes, codes: set[str]) -> None:
    path = tmp_path / "table"
    path.write_bytes(content)
    with pytest.raises(ParseFailed) as fault:
        sandbox.run(path, formats.CSV, Limits(characters=500_000))
    assert fault.value.code in codes


def test_more_than_is_read_is_too_large() -> None:
    with pytest.raises(ParseFailed) as fault:
        Delimited(Bounds(characters=50)).parse(io.BytesIO(b"a,b\n" * 50))
    assert fault.value.code == "too_large"
