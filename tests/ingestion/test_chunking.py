"""Chunks: nothing lost, nothing too long, cut where the document has a joint."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.cutting import chunking
from ingestion.cutting.chunking import Piece
from ingestion.parsers.base import Box, Locator, Parsed, Section, Spot


def count_words(texts: Sequence[str]) -> list[int]:
    """A word or a sign is a token; two marks come with every text, as with BERT's."""
    return [2 + len(re.findall(r"\w+|[^\w\s]", text)) for text in texts]


def count_quarters(texts: Sequence[str]) -> list[int]:
    """Four characters are a token, across words too: a whole may be more than its parts."""
    return [1 + (len(text) + 3) // 4 for text in texts]


def section(text: str, *path: str, page: int | None = None) -> Section:
    return Section(path, text, Locator(page=page, heading=path[-1] if path else None))


def chunked(*sections: Section, title: str = "Rules", size: int = 40, most: int = 52, window: int = 64) -> list[Piece]:
    return chunking.chunk(Parsed(title, sections), count_words, size=size, most=most, window=window)


def prose(words: int, name: str = "Word") -> str:
    return " ".join(f"{name}{n}" + ("." if n % 9 == 8 else "") for n in range(words))


def test_a_short_section_is_one_piece_with_title_and_headings_as_its_context() -> None:
    (piece,) = chunked(section("Ask first.", "Travel", "Hotels", page=3), title="Rules 2025")
    assert piece == Piece(
        0, "Ask first.", ("Travel", "Hotels"), Locator(3, "Hotels", 0, 10), "Rules 2025 › Travel › Hotels\nAsk first."
    )


def test_a_piece_says_in_which_rows_and_boxes_it_stands() -> None:
    rows = [f"Row{n} " + prose(12) for n in range(6)]
    starts = [sum(len(row) + 2 for row in rows[:n]) for n in range(6)]
    boxes = [Box(0.1, n / 10, 0.9, (n + 1) / 10) for n in range(6)]
    spots = tuple(
        Spot(start, start + len(row), line=n + 2, box=box)
        for n, (start, row, box) in enumerate(zip(starts, rows, boxes, strict=True))
    )
    whole = Section((), "\n\n".join(rows), Locator(sheet="Budget", columns="A:C"), spots)
    pieces = chunked(whole)
    assert len(pieces) > 1
    covered: list[Box] = []
    for piece in pieces:
        shown = [n for n, row in enumerate(rows) if row.split()[0] in piece.text]
        assert piece.locator.lines == (shown[0] + 2, shown[-1] + 2)
        assert (piece.locator.sheet, piece.locator.columns) == ("Budget", "A:C")
        assert piece.locator == Locator.from_json(json.loads(json.dumps(piece.locator.to_json())))
        covered += piece.locator.boxes
    assert covered == boxes


def test_a_title_that_is_the_first_heading_stands_in_the_context_once() -> None:
    assert chunked(section("Ask first.", "Rules", "Hotels"))[0].context == "Rules › Hotels\nAsk first."


def test_sections_of_different_headings_are_never_in_one_piece() -> None:
    pieces = chunked(section(prose(15), "A", "One"), section(prose(15), "A", "Two"), section(prose(15), "B"))
    assert [piece.heading_path for piece in pieces] == [("A", "One"), ("A", "Two"), ("B",)]


def test_tiny_siblings_share_a_piece_and_keep_their_headings() -> None:
    pieces = chunked(section("Yes.", "FAQ", "Cars?"), section("No.", "FAQ", "Bikes?"), section("Ok.", "Other"))
    assert [piece.text for piece in pieces] == ["Cars?\n\nYes.\n\nBikes?\n\nNo.", "Ok."]
    assert pieces[0].heading_path == ("FAQ",)


def test_a_tiny_child_is_not_joined_to_its_parent() -> None:
    assert len(chunked(section("Yes.", "FAQ"), section("No.", "FAQ", "Bikes?"))) == 2


def test_a_section_that_runs_over_pages_says_where_each_piece_starts() -> None:
    pieces = chunked(section(prose(45), "A", page=1), section(prose(45, "next"), "A", page=2))
    assert [piece.locator.page for piece in pieces] == [1, 2]
    assert pieces[1].locator.start == 0


def test_a_list_item_stays_whole() -> None:
    items = [f"- {prose(14, f'i{n}w')}" for n in range(7)]
    pieces = chunked(section("\n".join(items), "List"))
    assert len(pieces) > 2
    assert [line for piece in pieces for line in piece.text.split("\n")] == items


def test_a_table_repeats_its_header_rows_in_every_piece() -> None:
    header = "| Plan | Price |\n| --- | --- |"
    rows = [f"| plan{n} | {n} pounds a year |" for n in range(20)]
    pieces = chunked(section("\n".join([header, *rows]), "Prices"))
    assert len(pieces) > 3
    assert all(piece.text.startswith(header + "\n") for piece in pieces)
    assert [row for piece in pieces for row in piece.text.split("\n")[2:]] == rows


def test_a_table_torn_by_a_page_break_keeps_its_header() -> None:
    header = "| Plan | Price |\n| --- | --- |"
    rows = [f"| plan{n} | {n} pounds a year |" for n in range(12)]
    pieces = chunked(
        section("\n".join([header, *rows[:6]]), "Prices", page=1), section("\n".join(rows[6:]), "Prices", page=2)
    )
    assert all(piece.text.startswith(header + "\n") for piece in pieces)


def test_a_table_goes_to_the_next_piece_rather_than_be_torn() -> None:
    table = "\n".join(["| A | B |", "| --- | --- |", *(f"| {n} | x |" for n in range(3))])
    pieces = chunked(section(f"{prose(20)}\n\nThe prices are:\n\n{table}\n\n{prose(15, 'end')}", "P"))
    assert pieces[1].text.startswith(f"The prices are:\n\n{table}")


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    pieces = chunked(section(prose(9 * 20), "A"))
    assert len(pieces) > 3
    assert all(piece.text.endswith(".") for piece in pieces)


def test_a_sentence_longer_than_a_piece_is_cut_between_words() -> None:
    text = " ".join(f"w{n}" for n in range(200))
    pieces = chunked(section(text, "A"))
    assert " ".join(piece.text for piece in pieces) == text


def test_a_word_longer_than_a_piece_is_cut_and_nothing_of_it_is_lost() -> None:
    word = "".join(chr(97 + n % 26) for n in range(1_000))
    pieces = chunking.chunk(Parsed("T", (section(word),)), count_quarters, size=40, most=52, window=64)
    assert "".join(piece.text for piece in pieces) == word
    assert max(count_quarters([piece.text for piece in pieces])) <= 52


def test_a_word_that_an_embedder_takes_for_one_token_is_cut_by_its_length() -> None:
    word = "iVBORw0KGgo" * 2_000
    pieces = chunked(section(word))
    assert "".join(piece.text for piece in pieces) == word
    assert max(len(piece.text) for piece in pieces) <= 52 * 20


def test_the_context_gives_up_headings_before_it_grows_over_the_window() -> None:
    pieces = chunked(section(prose(45), *(f"a rather long heading {n}" for n in range(4))), title="Rules 2025")
    assert [piece.context.split("\n")[0] for piece in pieces] == ["Rules 2025 › a rather long heading 3"]


def test_a_heading_with_nothing_under_it_is_kept_as_text() -> None:
    pieces = chunked(section("", "Rules", "Part"), section("Ask.", "Rules", "Part", "One"), section("", "Annex C"))
    assert [piece.text for piece in pieces] == ["Ask.", "Annex C"]


def test_a_document_without_text_has_no_pieces() -> None:
    assert chunked() == chunked(section(" \n ")) == []


def test_sizes_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="rise"):
        chunked(size=60, most=52)


def test_tokens_are_counted_in_few_calls() -> None:
    calls: list[int] = []

    def count(texts: Sequence[str]) -> list[int]:
        calls.append(len(texts))
        return count_words(texts)

    text = "\n\n".join(prose(30, f"p{n}w") for n in range(60))
    chunking.chunk(Parsed("T", (section(text, "A"),)), count, size=40, most=52, window=64)
    assert len(calls) < 8


_word = st.one_of(
    st.from_regex(r"\A[A-Za-zäöü0-9,;:|*`.!?-]{1,12}\Z"), st.sampled_from(["-", "|", "1.", "```", "z.B."])
)
_line = st.builds(
    lambda lead, words: lead + " ".join(words),
    st.sampled_from(["", "", "- ", "1. ", "  ", "| ", "| --- | --- |\n", "```\n", "\n"]),
    st.lists(_word, max_size=40),
)
_text = st.lists(_line, max_size=12).map("\n".join)
_sections = st.lists(
    st.builds(
        lambda path, text, page: section(text, *path, page=page),
        st.lists(st.sampled_from(["One", "Two", "Three"]), max_size=3),
        _text,
        st.one_of(st.none(), st.integers(1, 3)),
    ),
    max_size=6,
)


_ways = st.fixed_dictionaries(
    {name: st.booleans() for name in ("has_title", "has_path", "joins_tiny", "repeats_header")}
)


@settings(max_examples=80, deadline=None)
@given(_sections, st.sampled_from([count_words, count_quarters]), st.integers(12, 60), _ways)
def test_no_word_is_lost_and_no_piece_is_too_long(
    sections: list[Section], count: chunking.Count, size: int, way: dict[str, bool]
) -> None:
    """Whatever a parser gives and a collection says: what is embedded fits the embedder, which cuts nothing off."""
    most, window = size + size // 4, size + size // 2
    pieces = chunking.chunk(Parsed("A title", tuple(sections)), count, size=size, most=most, window=window, **way)
    left = iter("".join("".join(piece.text.split()) for piece in pieces))
    # In order, letter by letter: pieces may repeat headers and tell headings, and lose nothing.
    assert all(sign in left for sign in "".join("".join(each.text.split()) for each in sections))
    assert all(tokens <= most for tokens in count([piece.text for piece in pieces]))
    assert all(tokens <= window for tokens in count([piece.context for piece in pieces]))
    assert [piece.ordinal for piece in pieces] == list(range(len(pieces)))
    assert all(piece.text.strip() == piece.text and piece.context.endswith(piece.text) for piece in pieces)
