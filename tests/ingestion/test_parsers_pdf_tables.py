"""Tables of PDFs: by the lines that part their cells, and by the columns that they share where nothing is drawn."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from reportlab.lib.colors import black
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Table

from ingestion.parsers.base import Parsed
from ingestion.parsers.pages.pdf import Pdf
from tests.ingestion import papers

GRID = ("GRID", (0, 0), (-1, -1), 0.5, black)
COLUMNS = (72.0, 220.0, 300.0, 380.0, 460.0)


def text_of(content: bytes) -> str:
    return "\n\n".join(one.text for one in parsed(content).sections)


def parsed(content: bytes) -> Parsed:
    return Pdf().parse(io.BytesIO(content))


def ruled(rows: Sequence[Sequence[str]], *more: Any, widths: Sequence[float] | None = None) -> bytes:
    return papers.pdf("Some words before the table.", Table([list(row) for row in rows], widths, style=[GRID, *more]))


def typed(*rows: tuple[float, Sequence[tuple[float, str]]], size: float = 10) -> bytes:
    """Rows at their heights, cells at their places, in letters of 10 points."""
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.setFont("Helvetica", size)
    for y, cells in rows:
        for x, text in cells:
            canvas.drawString(x, y, text)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def figures(top: float, *names: str) -> list[tuple[float, list[tuple[float, str]]]]:
    return [
        (top - 14 * at, [(COLUMNS[0], name), *((x, f"{at + 1}.{column}") for column, x in enumerate(COLUMNS[1:]))])
        for at, name in enumerate(names)
    ]


def test_cells_that_lines_part_stay_apart_however_near_they_stand() -> None:
    rows = [
        ["No", "Bank", "Drawn", "Left"],
        ["1", "Savings", "110,600.00", "192,000.00"],
        ["2", "Loan", "0.00", "50.00"],
    ]
    text = text_of(ruled(rows, ("FONTSIZE", (0, 0), (-1, -1), 10), widths=[20, 50, 56, 56]))
    assert "| No | Bank | Drawn | Left |\n| --- | --- | --- | --- |\n| 1 | Savings | 110,600.00 | 192,000.00 |" in text


def test_a_cell_over_several_lines_is_one_and_its_row_too() -> None:
    rows = [["Plan", "What it\nincludes"], ["Gold", "a visit\nwithin\nthree days"], ["Silver", "a visit\nat cost"]]
    text = text_of(ruled(rows))
    assert "| Plan | What it includes |" in text
    assert "| Gold | a visit within three days |\n| Silver | a visit at cost |" in text


def test_a_head_over_several_columns_is_said_over_each_and_a_cell_over_several_rows_in_each() -> None:
    rows = [["Class", "Control", ""], ["", "easy", "hard"], ["S1", "A", "B"], ["", "C", "D"], ["S2", "E", "F"]]
    spans = [("SPAN", (1, 0), (2, 0)), ("SPAN", (0, 0), (0, 1)), ("SPAN", (0, 2), (0, 3))]
    text = text_of(ruled(rows, *spans))
    assert "| Class | Control easy | Control hard |" in text
    assert "| S1 | A | B |\n| S1 | C | D |\n| S2 | E | F |" in text


def test_each_row_that_lines_part_knows_its_place_on_the_page() -> None:
    section = parsed(ruled([["a", "b"], ["c", "d"], ["e", "f"]])).sections[-1]
    boxes = [spot.box for spot in section.spots if section.text[spot.start : spot.end] in {"| a | b |", "| e | f |"}]
    assert len(boxes) == 2
    assert all(boxes)
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0].top < boxes[1].top


def test_a_page_set_in_boxes_is_no_table() -> None:
    words = "\n".join(f"Line {at} of a text that goes on and on in its box." for at in range(14))
    text = text_of(ruled([[words, words], [words, words]]))
    assert "| --- |" not in text
    assert "Line 13 of a text" in text


def test_a_head_of_several_lines_stands_over_its_columns() -> None:
    head = [
        (728.0, [(330.0, "Number of visits")]),
        (714.0, [(220.0, "Silver"), (300.0, "Gold and"), (380.0, "Platinum"), (460.0, "Others")]),
        (700.0, [(72.0, "Kind of call"), (300.0, "older"), (380.0, "since May")]),
    ]
    text = text_of(
        typed((760.0, [(72.0, "A sentence before.")]), *head, *figures(686.0, "Repair", "Advice", "Training"))
    )
    header = next(line for line in text.split("\n") if line.startswith("| Kind of call |"))
    cells = [cell.strip() for cell in header.strip("|").split("|")]
    assert [cell.removeprefix("Number of visits ") for cell in cells] == [
        "Kind of call", "Silver", "Gold and older", "Platinum since May", "Others",
    ]  # fmt: skip
    assert cells[2].startswith("Number of visits")
    assert "| Repair | 1.0 | 1.1 | 1.2 | 1.3 |" in text


def test_groups_of_a_head_are_said_over_all_of_their_columns() -> None:
    head = [
        (714.0, [(258.0, "Men"), (415.0, "Women")]),
        (700.0, [(x, y) for x, y in zip(COLUMNS[1:], "abcd", strict=True)]),
    ]
    text = text_of(typed(*head, *figures(686.0, "Repair", "Advice", "Training")))
    assert "|  | Men a | Men b | Women c | Women d |" in text


def test_a_row_of_one_cell_does_not_end_a_table() -> None:
    rows = [
        *figures(700.0, "Plan", "Repair"),
        (672.0, [(72.0, "Southern states")]),
        *figures(658.0, "Advice", "Training"),
    ]
    text = text_of(typed((714.0, [(x, y) for x, y in zip(COLUMNS[1:], "abcd", strict=True)]), *rows))
    assert text.count("\n| --- |") == 1
    assert "| Repair | 2.0 | 2.1 | 2.2 | 2.3 |\n| Southern states |  |  |  |  |\n| Advice | 1.0 |" in text


def test_a_name_that_is_too_long_for_its_line_is_one_and_dots_that_lead_to_the_figures_are_none() -> None:
    rows = [*figures(700.0, "Plan . . . . . . .", "Repair"), (672.0, [(72.0, "Advice on the phone and")])]
    rows += [(658.0, [(72.0, "by letter......."), *((x, "7") for x in COLUMNS[1:])])]
    text = text_of(typed((714.0, [(x, y) for x, y in zip(COLUMNS[1:], "abcd", strict=True)]), *rows))
    assert "| Plan | 1.0 |" in text
    assert "| Advice on the phone and by letter | 7 | 7 | 7 | 7 |" in text


def test_a_sentence_above_a_table_is_not_its_head() -> None:
    above = [(742.0, [(72.0, "What each plan costs a month.")]), (728.0, [(72.0, "Prices without tax")])]
    head = (714.0, [(x, y) for x, y in zip(COLUMNS, ("Plan", "a", "b", "c", "d"), strict=True)])
    text = text_of(typed(*above, head, *figures(700.0, "Repair", "Advice", "Training")))
    assert "| Plan | a | b | c | d |" in text
