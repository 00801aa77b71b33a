"""A passage as it is read: tables as tables, and what a sentence quotes marked in them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from assistant.conversations import quoting
from assistant.views import passages

TABLE = """Rates by level:

| Level | Rate |
| --- | --- |
| L4 | 58 \\| 60 |
| L5 | 72 |

They hold from May on.
"""


def quoted(text: str, quote: str) -> list[str]:
    found = []
    for block in passages.blocks(text, quote):
        found += [part for part, is_quoted in block.parts if is_quoted]
        found += [" / ".join(row.cells) for row in block.rows if row.is_quoted]
    return found


def test_a_pipe_table_is_a_table_between_its_paragraphs() -> None:
    before, table, after = passages.blocks(TABLE)
    assert before.parts[0][0].strip() == "Rates by level:"
    assert table.header == ("Level", "Rate")
    assert [row.cells for row in table.rows] == [("L4", "58 | 60"), ("L5", "72")]
    assert after.parts[0][0].strip() == "They hold from May on."


def test_the_quoted_row_is_marked_and_no_other() -> None:
    assert quoted(TABLE, "| L5 | 72 |") == ["L5 / 72"]
    assert quoted(TABLE, "L5 |  72") == ["L5 / 72"]


def test_quoted_words_are_marked_whatever_their_white_space() -> None:
    assert quoted(TABLE, "they hold\nfrom  May") == ["They hold from May"]
    assert quoted("One. Two\nlines. Three.", "Two lines.") == ["Two\nlines."]


def cited(text: str, **citation: object) -> list[str]:
    return [part for block in passages.cited(text, citation) for part, is_quoted in block.parts if is_quoted]


def test_what_is_cited_is_marked_at_its_place_and_not_where_the_same_words_stand_first() -> None:
    text = "Ask twice. Then wait. Ask twice."
    (block,) = passages.cited(text, {"quote": "Ask twice.", "start": 22, "end": 32})
    assert block.parts == ((text[:22], False), ("Ask twice.", True), ("", False))


def test_a_quote_that_a_rule_cut_is_marked_at_its_place_where_the_passage_is_as_it_was() -> None:
    text = "Write to ada@example.org today. Or not."
    assert cited(text, quote="Write to […] today.", start=0, end=31, is_in_place=True) == [text[:31]]
    assert cited(text, quote="[…]", start=0, end=31, is_in_place=True) == [text[:31]]
    # cut before it was read: every place behind is another one
    assert cited(text, quote="[…]", start=0, end=20, is_in_place=False) == []
    assert cited(text, quote="Or not.", start=20, end=27, is_in_place=False) == ["Or not."]
    assert cited(text, quote="Or not.", start=20, end=27) == ["Or not."]  # from before it was kept
    assert cited(text) == []


@pytest.mark.parametrize("quote", ["", "   ", "not in there", "(", "|" * 40])
def test_what_does_not_stand_there_marks_nothing(quote: str) -> None:
    assert quoted(TABLE, quote) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "|",
        "| a |",
        "| --- |",
        "|a|\n|-|",
        "| a | b |\n| c |",
        "a | b\nc | d",
        "|||\n|||",
        "\n\n",
        "| a |\n\n| b |",
        "-",
    ],
)
def test_odd_texts_lose_no_word(text: str) -> None:
    shown = ""
    for block in passages.blocks(text, "a"):
        shown += "".join(part for part, _ in block.parts) + "".join(block.header)
        shown += "".join(cell for row in block.rows for cell in row.cells)
    letters = [sign for sign in text if sign.isalpha()]
    assert [sign for sign in shown if sign.isalpha()] == letters


def test_rows_have_as_many_cells_as_the_table_is_wide() -> None:
    (table,) = passages.blocks("| a | b | c |\n| --- | --- | --- |\n| 1 |\n")
    assert table.rows[0].cells == ("1", "", "")


def answer() -> tuple[list[SimpleNamespace], list[quoting.Source]]:
    cited = {
        "marker": 1,
        "document_name": "leave [2025].md",
        "chunk_id": "c",
        "document_id": "d",
        "locator": {"page": 3},
    }
    said = [
        SimpleNamespace(ordinal=0, text="Twenty days. ", citations=[cited], is_supported=True, support="supported"),
        SimpleNamespace(ordinal=1, text="That is all.\n", citations=[cited], is_supported=True, support="supported"),
    ]
    return said, quoting.sources(said, lambda place: f"page {place['page']}")


def test_an_answer_is_copied_with_its_numbered_sources() -> None:
    said, cited = answer()
    assert [(one.marker, one.segment) for one in cited] == [(1, 0)]
    assert quoting.plain("How many?", said, cited) == (
        "How many?\n\nTwenty days. [1] That is all. [1]\n\n[1] leave [2025].md, page 3\n"
    )
    assert quoting.markdown("How\nmany?", said, cited, lambda one: f"/documents/{one.document}") == (
        "> How\n> many?\n\nTwenty days. [1] That is all. [1]\n\n1. [leave \\[2025\\].md, page 3](/documents/d)\n"
    )
