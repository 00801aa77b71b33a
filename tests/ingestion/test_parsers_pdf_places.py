"""The rectangles of a PDF's text, held against the ink that a renderer puts on the page."""

from __future__ import annotations

import io

import numpy as np
import pypdfium2
import pytest

from ingestion.cutting import chunking
from ingestion.parsers.base import Box, Parsed
from ingestion.parsers.pages.pdf import Pdf
from tests.ingestion import papers

LINE = (180.0, 500.0, "Hotels are paid for up to 140 euros a night.")
NEAR = 0.02  # of the page: letters leave some room around their ink


def parsed(content: bytes) -> Parsed:
    return Pdf().parse(io.BytesIO(content))


def turned(content: bytes, angle: int, crop: tuple[float, float, float, float] | None = None) -> bytes:
    document = pypdfium2.PdfDocument(content)
    page, out = document[0], io.BytesIO()
    page.set_rotation(angle)
    if crop:
        page.set_cropbox(*crop)
    document.save(out)
    return out.getvalue()


def ink(content: bytes) -> Box:
    """Around everything that is drawn on the first page, as a viewer shows it."""
    drawn = pypdfium2.PdfDocument(content)[0].render(scale=2, grayscale=True).to_numpy()
    dark = drawn.reshape(drawn.shape[:2]) < 128
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    height, width = dark.shape
    return Box(columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height)


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (100.0, 300.0, 500.0, 700.0)])
def test_a_line_stands_where_its_ink_is(angle: int, crop: tuple[float, float, float, float] | None) -> None:
    made = turned(papers.drawn_pdf([[LINE]]), angle, crop)
    (section,) = parsed(made).sections
    (spot,) = section.spots
    assert section.text[spot.start : spot.end] == LINE[2]
    assert spot.box is not None
    seen = ink(made)
    sides = zip(spot.box.to_json(), seen.to_json(), strict=True)
    assert all(abs(side - drawn) < NEAR for side, drawn in sides), (spot.box, seen)


def test_each_row_of_a_table_has_a_rectangle_of_its_own() -> None:
    rows = (("Plan", "Notice"), ("Gold", "60 days"), ("Platinum", "90 days"))
    ((section),) = parsed(papers.pdf(rows)).sections
    told = {section.text[spot.start : spot.end]: spot.box for spot in section.spots}
    assert list(told) == ["| Plan | Notice |", "| Gold | 60 days |", "| Platinum | 90 days |"]
    tops = [box.top for box in told.values() if box]
    assert tops == sorted(tops)
    assert len(set(tops)) == 3


def test_a_word_broken_at_a_lines_end_leaves_both_lines_their_place() -> None:
    lines = [(72, 700.0, "Who is under con-"), (72, 686.0, "tract may leave.")]
    (section,) = parsed(papers.drawn_pdf([lines])).sections
    assert [section.text[spot.start : spot.end] for spot in section.spots] == ["Who is under con", "tract may leave."]


def test_the_mark_of_an_item_is_written_anew_and_its_place_stays() -> None:
    (section,) = parsed(
        papers.drawn_pdf([[(72, 700.0, "\u2022 trains"), (72, 686.0, "\u2022 taxis at night")]])
    ).sections
    assert section.text == "- trains\n- taxis at night"
    assert [section.text[spot.start : spot.end] for spot in section.spots] == ["- trains", "- taxis at night"]


def test_a_piece_that_runs_over_a_page_says_which_rectangles_stand_on_the_next() -> None:
    pages = [[(72, 100.0, "The first page ends in the middle of")], [(72, 700.0, "a thought.")]]
    (piece,) = chunking.chunk(parsed(papers.drawn_pdf(pages)), lambda texts: [len(text.split()) + 2 for text in texts])
    first, second = piece.locator.boxes
    assert (piece.locator.page, first.page, second.page) == (1, None, 2)
    assert first.top > 0.8 > 0.2 > second.bottom
    assert piece.locator.from_json(piece.locator.to_json()).boxes[1].page == 2


def test_text_outside_of_the_page_is_read_and_has_no_place() -> None:
    (section,) = parsed(papers.drawn_pdf([[(72, 700.0, "seen"), (72, -50.0, "not seen")]])).sections
    assert [section.text[spot.start : spot.end] for spot in section.spots] == ["seen"]
    assert "not seen" in section.text
