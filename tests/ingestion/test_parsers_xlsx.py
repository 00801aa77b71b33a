"""XLSX is read as its sheets show it: tables with their headers, each row with its number, nothing that is not there."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from ingestion import formats
from ingestion.cutting import chunking
from ingestion.parsers import flags
from ingestion.parsers.base import Bounds, Parsed, ParseFailed
from ingestion.parsers.limited import sandbox
from ingestion.parsers.office.xlsx import Xlsx
from ingestion.parsers.tables import number_formats
from tests.ingestion import papers
from tests.ingestion.workbooks import row, workbook, zipped

Draw = Callable[[xlsxwriter.Workbook], object]


def parsed(content: bytes) -> Parsed:
    return Xlsx().parse(io.BytesIO(content))


def drawn(draw: Draw) -> Parsed:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        draw(book)
    return parsed(out.getvalue())


def failed(content: bytes, bounds: Bounds = Bounds()) -> ParseFailed:  # noqa: B008  it is frozen
    with pytest.raises(ParseFailed) as fault:
        Xlsx(bounds).parse(io.BytesIO(content))
    return fault.value


def places(read: Parsed) -> list[tuple[str | None, str | None, list[int | None]]]:
    return [(one.locator.sheet, one.locator.columns, [spot.line for spot in one.spots]) for one in read.sections]


def test_a_table_has_a_header_a_range_and_a_number_for_every_row() -> None:
    rows = row(3, "City", "Rate", left="B") + row(4, "Kassel", "120", left="B") + row(5, "Fulda", "a | b", left="B")
    read = parsed(workbook(rows))
    assert papers.told(read) == [(("Budget",), "| City | Rate |\n| --- | --- |\n| Kassel | 120 |\n| Fulda | a \\| b |")]
    assert places(read) == [("Budget", "B:C", [3, 4, 5])]
    text = read.sections[0].text
    assert [text[spot.start : spot.end] for spot in read.sections[0].spots][1:] == [
        "| Kassel | 120 |",
        "| Fulda | a \\| b |",
    ]


def test_every_piece_of_a_long_table_keeps_the_header_and_says_its_rows() -> None:
    rows = row(1, "City", "Rate") + "".join(row(at, f"City number {at}", f"{at} euros a night") for at in range(2, 60))
    pieces = chunking.chunk(parsed(workbook(rows)), lambda texts: [len(text.split()) + 2 for text in texts])
    assert len(pieces) > 3
    assert all(piece.text.startswith("| City | Rate |\n| --- | --- |") for piece in pieces)
    ranges = [piece.locator.lines for piece in pieces]
    assert ranges[0] is not None
    assert ranges[0][0] == 1
    assert [one[1] + 1 for one in ranges[:-1] if one] == [one[0] for one in ranges[1:] if one]
    assert {piece.locator.columns for piece in pieces} == {"A:B"}


def test_a_wide_table_is_cut_between_columns_and_keeps_the_first() -> None:
    rows = row(1, "Name", *(f"Long heading number {at}" for at in range(12)))
    rows += row(2, "Ada", *(f"value {at}" for at in range(12)))
    read = parsed(workbook(rows))
    assert len(read.sections) > 1
    for section in read.sections:
        assert section.text.startswith("| Name | Long heading")
        assert "\n| Ada | value" in section.text
    assert [one.locator.columns for one in read.sections] == ["A:F", "G:K", "L:M"]


def test_titles_tables_and_notes_of_one_sheet_are_told_apart() -> None:
    rows = row(1, "Travel 2025") + row(3, "City", "Rate") + row(4, "Kassel", "120") + row(6, "Leave", "Days")
    rows += row(7, "Ada", "30") + row(9, "All figures in euros.")
    read = parsed(workbook(rows))
    assert papers.told(read) == [
        (("Budget", "Travel 2025"), "| City | Rate |\n| --- | --- |\n| Kassel | 120 |"),
        (("Budget",), "| Leave | Days |\n| --- | --- |\n| Ada | 30 |"),
        (("Budget",), "All figures in euros."),
    ]
    assert places(read)[2] == ("Budget", "A", [9])


def test_tables_side_by_side_are_two() -> None:
    rows = "".join(
        f'<row r="{at}"><c r="A{at}"><v>{at}</v></c><c r="B{at}"><v>7</v></c><c r="E{at}"><v>8</v></c>'
        f'<c r="F{at}"><v>{at}</v></c></row>'
        for at in (1, 2)
    )
    assert [columns for _, columns, _ in places(parsed(workbook(rows)))] == ["A:B", "E:F"]


def test_a_table_without_a_header_goes_on_the_one_above() -> None:
    def draw(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("Costs")
        for at, cells in enumerate([("City", "Rate"), ("Kassel", 120), ("Fulda", 90), (), ("Bonn", 70), ("Ulm", 60)]):
            sheet.write_row(at, 0, cells)

    assert [one.text.splitlines()[0] for one in drawn(draw).sections] == ["| City | Rate |", "| City | Rate |"]


def test_numbers_alone_get_the_letters_of_their_columns() -> None:
    def draw(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for at in range(4):
            sheet.write_row(at, 2, (at, at * 10))

    assert drawn(draw).sections[0].text.startswith("| C | D |\n| --- | --- |\n| 0 | 0 |")


def test_years_over_numbers_are_a_header() -> None:
    def draw(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for at, cells in enumerate([("Region", 2023, 2024), ("North", 12, 13), ("South", 14, 15)]):
            sheet.write_row(at, 0, cells)

    assert drawn(draw).sections[0].text.startswith("| Region | 2023 | 2024 |\n| --- |")


def test_merged_cells_name_their_columns_and_rows() -> None:
    def draw(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("Plan")
        sheet.merge_range("B1:C1", "Quarter 1")
        sheet.write_row(1, 1, ("January", "February"))
        sheet.merge_range("A3:A4", "North")
        sheet.write_row(2, 1, (1, 2))
        sheet.write_row(3, 1, (3, 4))

    assert drawn(draw).sections[0].text == (
        "|  | Quarter 1 January | Quarter 1 February |\n| --- | --- | --- |\n| North | 1 | 2 |\n| North | 3 | 4 |"
    )


def test_dates_percentages_and_money_stand_as_the_sheet_shows_them() -> None:
    def draw(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        day = date(2025, 3, 4)
        sheet.write_datetime("A1", day, book.add_format({"num_format": "dd.mm.yyyy"}))
        sheet.write_number("B1", 0.125, book.add_format({"num_format": "0.0%"}))
        sheet.write_number("C1", -1234.5, book.add_format({"num_format": "#,##0.00 [$€-407]"}))
        sheet.write_datetime("D1", day, book.add_format({"num_format": 14}))
        sheet.write_boolean("E1", True)

    assert drawn(draw).sections[0].text == "04.03.2025 | 12.5% | -1,234.50 € | 2025-03-04 | TRUE"


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (0.1 + 0.2, "General", "0.3"),
        (12345678901.0, "", "12345678901"),
        (1e20, "General", "1E+20"),
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (1234567, "#,##0,", "1,235"),
        (5, "000", "005"),
        (0.5, "#.##", ".5"),
        (-3, "0;(0)", "(3)"),
        (0, '0;-0;"none"', "none"),
        (7, '[>5]"many";0', "many"),
        (12345, "0.00E+00", "1.23E+04"),
        (2.5, "0", "3"),
        (45000.75, "d mmm yyyy h:mm AM/PM", "15 Mar 2023 6:00 PM"),
        (1.5, "[h]:mm", "36:00"),
        (45000, "dddd, mmmm d", "Wednesday, March 15"),
        (0.000011574, "mm:ss", "00:01"),
        (5551234, "000-0000", "555-1234"),
        (9e9, "yyyy-mm-dd", "9000000000"),
        (5, '"a" 0 "%"', "a 500 %"),
        (1.5, "# ?/?", "1.5"),
        (3, ";;;", "3"),
    ],
)
def test_a_number_is_shown_by_its_format(value: float, code: str, shown: str) -> None:
    assert number_formats.shown(value, code)[0] == shown


def test_formulas_have_their_result_or_are_counted() -> None:
    rows = '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><f>A1*2</f></c><c r="C1" t="str"><f>x</f><v>ok</v></c></row>'
    read = parsed(workbook(rows))
    assert read.sections[0].text == "2 | ok"
    assert read.warnings == (
        "1 formulas have no result in the file and are left out: save it anew in a spreadsheet program.",
    )


def test_hidden_sheets_are_named_and_macros_flagged() -> None:
    def draw(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("Seen").write("A1", "seen")
        hidden = book.add_worksheet("Secret")
        hidden.write("A1", "kept")
        hidden.hide()

    read = drawn(draw)
    assert [one.locator.sheet for one in read.sections] == ["Seen", "Secret"]
    assert read.warnings == ("Hidden sheets are read as the others: Secret.",)
    with_macros = io.BytesIO(workbook(row(1, "x")))
    with zipfile.ZipFile(with_macros, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    assert parsed(with_macros.getvalue()).flags == (flags.MACROS,)


def test_a_chart_is_read_as_the_table_of_its_series() -> None:
    def draw(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("Data")
        sheet.write_column("A1", ["North", "South"])
        sheet.write_column("B1", [12, 14])
        chart = book.add_chart({"type": "column"})
        chart.add_series({"name": "Visitors", "categories": "=Data!$A$1:$A$2", "values": "=Data!$B$1:$B$2"})
        chart.set_title({"name": "Visitors by region"})
        sheet.insert_chart("D2", chart)

    assert "Visitors by region" in drawn(draw).sections[-1].text


def test_strings_are_shared_and_rich_and_readings_left_out() -> None:
    strings = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><r><t>Be</t></r><r><t>low</t></r></si>'
        "<si><t>東京</t><rPh><t>トウキョウ</t></rPh></si></sst>"
    )
    rows = '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>99</v></c></row>'
    assert parsed(workbook(rows, sharedStrings=strings)).sections[0].text == "Below | 東京"


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (zipped({"xl/workbook.xml": "<workbook"}), {"broken"}),
        (zipped({"xl/other.xml": "<a/>"}), {"broken"}),
        (b"PK\x03\x04 nothing", {"broken"}),
        (workbook("<row><c/></row>"), {"empty"}),
        (workbook("<row>" * 300 + "</row>" * 300), {"empty", "too_large", "broken"}),
        (workbook("<row>" * 5_000), {"too_large", "broken"}),
        (
            workbook('<row r="1"><c r="A1"><v>&a9;</v></c></row>', "<!DOCTYPE w [<!ENTITY a9 'x'>]>"),
            {"empty", "broken"},
        ),
    ],
)
def test_what_cannot_be_read_is_named(content: bytes, codes: set[str]) -> None:
    assert failed(content).code in codes


def test_a_sheet_of_a_million_columns_and_rows_is_as_small_as_what_it_holds(tmp_path: Path) -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c><c r="ZZZZZ1"><v>3</v></c></row>'
    rows += '<row r="1048576"><c r="A1048576"><v>4</v></c></row><row r="99999999"><c r="A99999999"><v>5</v></c></row>'
    merges = '<mergeCells><mergeCell ref="A1:XFD1048576"/><mergeCell ref="nonsense"/></mergeCells>'
    path = tmp_path / "sheet"
    path.write_bytes(workbook(rows, after=merges))
    read = sandbox.run(path, formats.XLSX)
    assert [(one.text, one.locator.columns) for one in read.sections] == [("1", "A"), ("2", "XFD"), ("4", "A")]


def test_more_than_is_read_is_too_large() -> None:
    bomb = workbook("<row>" + "<c><v>1</v></c>" * 200_000 + "</row>")
    assert failed(bomb, Bounds(unpacked=1_000_000)).code == "too_large"
    assert failed(workbook(row(1, "x" * 500)), Bounds(characters=100)).code == "too_large"


def test_entities_in_attributes_do_not_grow_and_files_are_not_fetched(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY a{at} "&a{at - 1};&a{at - 1};">' for at in range(1, 40))
    path = tmp_path / "sheet"
    path.write_bytes(workbook('<row r="&a39;"><c><v>1</v></c></row>', f'<!DOCTYPE w [<!ENTITY a0 "ha">{laughs}]>'))
    with pytest.raises(ParseFailed) as fault:
        sandbox.run(path, formats.XLSX)
    assert fault.value.code in {"broken", "too_large", "out_of_memory"}
    outside = '<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    path.write_bytes(workbook('<row r="1"><c r="A1"><v>1</v></c><c r="B1" t="str"><v>&a;</v></c></row>', outside))
    assert sandbox.run(path, formats.XLSX).sections[0].text == "1"
