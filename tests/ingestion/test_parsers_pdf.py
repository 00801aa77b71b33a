"""PDF gives up its structure: headings by size, tables by columns, words broken at a line's end made whole."""

from __future__ import annotations

import io

import pytest

from ingestion.parsers.base import Bounds, Parsed, ParseFailed
from ingestion.parsers.pages.pdf import Pdf
from tests.ingestion import papers

PLANS = (
    ("", "Silver", "Gold", "Platinum"),
    ("Notice", "30 days", "60 days", "90 days"),
    ("Visit", "at cost", "within 3 days", "next day"),
)


def parsed(content: bytes) -> Parsed:
    return Pdf().parse(io.BytesIO(content))


def failed(content: bytes, bounds: Bounds = Bounds()) -> ParseFailed:  # noqa: B008  it is frozen
    with pytest.raises(ParseFailed) as fault:
        Pdf(bounds).parse(io.BytesIO(content))
    return fault.value


def test_a_figure_in_a_table_stays_in_the_column_of_its_plan() -> None:
    ((_, text),) = papers.told(parsed(papers.pdf("The plans side by side, for all of our customers.", PLANS)))
    assert "|  | Silver | Gold | Platinum |" in text
    assert "| Notice | 30 days | 60 days | 90 days |" in text


def test_larger_letters_make_headings_and_pages_are_kept() -> None:
    made = papers.pdf("# Leave", "Thirty days.", "---", "Carried over.", "# Sickness", "Tell us by nine.", title="Time")
    read = parsed(made)
    assert read.title == "Time"
    assert read.pages == 2
    assert [(one.heading_path, one.locator.page) for one in read.sections] == [
        (("Leave",), 1),
        (("Leave",), 2),
        (("Sickness",), 2),
    ]


def test_the_title_is_the_largest_heading_where_the_file_gives_none_of_its_own() -> None:
    assert parsed(papers.pdf("# Leave", "Thirty days.", title="Microsoft Word - draft7.doc")).title == "Leave"


def test_a_paragraph_over_several_lines_is_one_and_its_broken_word_whole() -> None:
    lines = [
        (72, 700.0, "The notice period of the Gold plan is sixty days, and who is under con-"),
        (72, 686.0, "tract may leave at its end."),
        (72, 650.0, "A new paragraph."),
    ]
    ((_, text),) = papers.told(parsed(papers.drawn_pdf([lines])))
    assert text.split("\n\n") == [
        "The notice period of the Gold plan is sixty days, and who is under contract may leave at its end.",
        "A new paragraph.",
    ]


def test_items_of_a_list_are_lines_of_one_block() -> None:
    lines = [
        (72, 700.0, "We pay:"),
        (72, 686.0, "\u2022 trains"),
        (72, 672.0, "\u2022 hotels up to"),
        (80, 658.0, "120 euros"),
        (72, 644.0, "\u2022 taxis at night"),
    ]
    ((_, text),) = papers.told(parsed(papers.drawn_pdf([lines])))
    assert text == "We pay:\n\n- trains\n- hotels up to 120 euros\n- taxis at night"


def test_two_columns_of_text_are_read_one_after_the_other() -> None:
    left = [
        "The left column tells how leave is",
        "requested, by whom it is granted and",
        "what happens if nobody answers in",
        "time: then it counts as granted.",
    ]
    right = [
        "The right column tells of sickness:",
        "whom to call before nine o'clock, and",
        "that a certificate is needed from the",
        "fourth day on, not before.",
    ]
    rows = [
        (x, 700.0 - 14 * at, text)
        for at, pair in enumerate(zip(left, right, strict=True))
        for x, text in zip((72.0, 320.0), pair, strict=True)
    ]
    ((_, text),) = papers.told(parsed(papers.drawn_pdf([rows])))
    assert " ".join(text.split()) == " ".join(left + right)


def test_running_heads_are_kept_once_and_page_numbers_never() -> None:
    body = [f"Part {word} has a text of its own, long enough to be one." for word in ("one", "two", "three", "four")]
    story = [part for text in body for part in (text, text.upper(), "It ends.", "Really.", "---")]
    text = "\n".join(one.text for one in parsed(papers.pdf(*story, foot="Policy HW-7 valid from May 2025")).sections)
    assert text.count("Policy HW-7") == 1
    numbered = parsed(papers.pdf(*story, foot="Page {page}")).sections
    assert not any("Page" in one.text for one in numbered)


def test_a_page_that_is_only_a_number_keeps_it() -> None:
    assert papers.told(parsed(papers.drawn_pdf([[(72, 700, "1")]]))) == [((), "1")]


def test_a_locked_pdf_says_so() -> None:
    fault = failed(papers.drawn_pdf([[(72, 700, "secret")]], password="hush"))
    assert fault.code == "encrypted"
    assert "password" in fault.remedy


@pytest.mark.parametrize("part", [0.05, 0.5, 0.9])
def test_half_a_pdf_is_broken_and_not_a_crash(part: float) -> None:
    whole = papers.pdf("# Leave", *["Thirty days a year."] * 40)
    assert failed(whole[: int(len(whole) * part)]).code == "broken"


def test_pages_with_nothing_on_them_are_empty() -> None:
    fault = failed(papers.drawn_pdf([[], []]))
    assert fault.code == "empty"
    assert "no text on any page" in fault.message


def test_blank_pages_among_others_are_nothing_to_speak_of() -> None:
    read = parsed(papers.drawn_pdf([[(72, 700, "words")], [], []]))
    assert (read.pages, read.warnings, read.unread) == (3, (), ())


def test_too_many_pages_are_not_begun() -> None:
    fault = failed(papers.drawn_pdf([[(72, 700, "words")]] * 3), Bounds(pages=2))
    assert fault.code == "too_large"
    assert "3 pages" in fault.message


def test_every_page_is_told_to_who_listens() -> None:
    told: list[tuple[int, int]] = []
    Pdf(on_page=lambda done, total: told.append((done, total))).parse(
        io.BytesIO(papers.drawn_pdf([[(72, 700, "words")]] * 3))
    )
    assert told == [(1, 3), (2, 3), (3, 3)]
