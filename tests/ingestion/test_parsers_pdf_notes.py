"""What stands at the edges of a PDF's pages: running heads are no passages, and notes stay with what refers to them."""

from __future__ import annotations

import io

from reportlab.pdfgen.canvas import Canvas

from ingestion.parsers.base import Parsed
from ingestion.parsers.pages.pdf import Pdf
from tests.ingestion import papers

WORDS = "Who works here has thirty days of leave a year, and may carry over"


def parsed(content: bytes) -> Parsed:
    return Pdf().parse(io.BytesIO(content))


def lettered(*pages: list[tuple[float, float, float, str]]) -> bytes:
    """(x, y, size, text) from the lower left."""
    out = io.BytesIO()
    canvas = Canvas(out)
    for page in pages:
        for x, y, size, text in page:
            canvas.setFont("Helvetica", size)
            canvas.drawString(x, y, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def page(
    *notes: tuple[float, float, float, str], head: str = "", title: str = ""
) -> list[tuple[float, float, float, str]]:
    told = [(72.0, 800.0, 8.0, head)] if head else []
    told += [(72.0, 760.0, 20.0, title)] if title else []
    return [*told, *((72.0, 700.0 - 14 * at, 10.0, f"{WORDS} {at} of them.") for at in range(6)), *notes]


def test_a_running_head_is_said_once_and_is_no_passage() -> None:
    made = lettered(
        page(head="House rules, third edition", title="Leave"), *[page(head="House rules, third edition")] * 3
    )
    sections = parsed(made).sections
    assert sum("third edition" in one.text for one in sections) == 1
    assert all(len(one.text) > 200 for one in sections), [one.text for one in sections]
    first = next(one for one in sections if "third edition" in one.text)
    assert (first.heading_path, first.locator.page) == (("Leave",), 1)
    assert first.text.startswith(WORDS)


def test_a_head_that_says_what_a_heading_says_is_not_said_again() -> None:
    made = lettered(page(head="Leave", title="Leave"), *[page(head="Leave")] * 3)
    assert not any("Leave" in one.text for one in parsed(made).sections)


def test_a_title_that_later_pages_repeat_in_small_letters_stays_a_heading() -> None:
    made = lettered([(72.0, 800.0, 20.0, "Leave"), *page()], *[page(head="Leave")] * 3)
    assert {one.heading_path for one in parsed(made).sections} == {("Leave",)}


def test_a_note_at_the_foot_stands_with_the_paragraph_that_refers_to_it() -> None:
    lines = [
        (72.0, 700.0, 10.0, "Leave is thirty days a year"), (194.0, 704.0, 6.0, "1"),
        (72.0, 660.0, 10.0, "A second paragraph, which refers to nothing at all."),
        (72.0, 120.0, 8.0, "1 Part-time staff have as many days as they work,"), (72.0, 110.0, 8.0, "rounded up to whole ones."),
    ]  # fmt: skip
    (section,) = parsed(lettered(lines)).sections
    first, second = section.text.split("\n\n")
    assert first.split("\n")[1] == "1 Part-time staff have as many days as they work, rounded up to whole ones."
    assert second == "A second paragraph, which refers to nothing at all."
    low = [spot.box for spot in section.spots if spot.box and spot.box.top > 0.8]
    assert len(low) == 2


def test_small_print_that_nothing_refers_to_stays_where_it_is() -> None:
    lines = [
        (72.0, 700.0, 10.0, WORDS),
        (72.0, 660.0, 10.0, WORDS),
        (72.0, 120.0, 8.0, "2 copies are kept by the office."),
    ]
    assert parsed(lettered(lines)).sections[0].text.endswith("\n\n2 copies are kept by the office.")


def test_a_power_is_no_reference() -> None:
    lines = [
        (72.0, 700.0, 10.0, "An office has 20"), (146.0, 704.0, 6.0, "2"), (160.0, 700.0, 10.0, "square metres"),
        (72.0, 660.0, 10.0, WORDS), (72.0, 120.0, 8.0, "2 copies are kept by the office."),
    ]  # fmt: skip
    assert parsed(lettered(lines)).sections[0].text.endswith("\n\n2 copies are kept by the office.")


def test_pages_of_a_made_document_still_say_their_foot_once() -> None:
    story = [part for text in ("one", "two", "three") for part in (f"# {text}", *[f"{WORDS} {text}."] * 5, "---")]
    text = "\n".join(one.text for one in parsed(papers.pdf(*story, foot="HW-7, valid from May 2025")).sections)
    assert text.count("HW-7") == 1
