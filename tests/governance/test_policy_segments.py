"""Where a text is cut into segments."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.policy import seams, segments
from tests.governance.policy_words import texts


def cut(text: str) -> list[str]:
    return [text[segment.start : segment.end] for segment in segments.split(text)]


@pytest.mark.parametrize(
    "text",
    [
        "See e.g. Dr. Smith and Prof. Meier in the U.S. embassy.",
        "Das gilt z. B. für Urlaub, d. h. nicht für Krankheit bzw. Kur.",
        "It costs 1.5 EUR or 1,000.00 in total.",
        "See no. 7, Fig. 2 and Art. 5 of it.",
        "Das gilt ab dem 3. Oktober und bis zur 12. Sitzung.",
        "Wait ... and then go on.",
        "The file is called report.final.pdf on disk.",
        "J. R. R. Tolkien wrote it.",
        "1. The first item of a list.",
        "Is it (really?) so",
        "Visit https://example.org/a.b?c=d. now",
    ],
)
def test_a_sentence_stays_whole(text: str) -> None:
    assert cut(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One. ", "Two! ", "Three? ", "Four"]),
        ('He said "Stop." Then he left.', ['He said "Stop." ', "Then he left."]),
        ("The answer is no. We close.", ["The answer is no. ", "We close."]),
        ("It was in 2023. Then it ended.", ["It was in 2023. ", "Then it ended."]),
        ("It is so [1]. And so.[2][3] End.", ["It is so [1]. ", "And so.[2][3] ", "End."]),
        ("It is so. [1] And so.", ["It is so. [1] ", "And so."]),
        ("Title\n\n- one\n- two\n", ["Title\n\n", "- one\n", "- two\n"]),
        ("これは文です。次です\uff01終", ["これは文です。", "次です\uff01", "終"]),
        ("  indented\n    more\n", ["  indented\n", "    more\n"]),
        ("**Bold.** Then plain.", ["**Bold.** ", "Then plain."]),
    ],
)
def test_a_text_is_cut_at_the_ends_of_its_sentences_and_lines(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_code_is_cut_at_lines_only() -> None:
    text = 'Like this:\n```python\nprint("One. Two. Three.")  # A. B. C.\n```\nOne. Two.'
    assert cut(text) == [
        "Like this:\n",
        "```python\n",
        'print("One. Two. Three.")  # A. B. C.\n',
        "```\n",
        "One. ",
        "Two.",
    ]


def test_a_long_sentence_is_cut_after_a_comma_before_the_limit() -> None:
    text = "a word " * 18 + "and then, " + "a word " * 20
    first = cut(text)[0]
    assert first.endswith("then, ")
    assert len(first) <= segments.LIMIT


def test_a_word_longer_than_the_limit_stays_whole() -> None:
    assert cut("x" * 500 + " end")[0] == "x" * 500 + " "


@given(text=st.one_of(texts(), st.text(max_size=600)))
@settings(max_examples=100, deadline=None)
def test_segments_put_together_are_the_text(text: str) -> None:
    assert "".join(cut(text)) == text


@given(text=texts())
@settings(max_examples=100, deadline=None)
def test_an_end_once_named_does_not_move_when_the_text_goes_on(text: str) -> None:
    whole = segments.next_end(text, 0, final=True)
    for seen in range(len(text)):
        end = segments.next_end(text[:seen], 0)
        if end is not None:
            assert end == whole
            break


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("one two three", 8 - 4),
        ("DE89 3704 0044", 0),
        ("pay DE89 3704 ", 0),
        ("It ends. Now", 9),
        ("a line\nDE89 ", 7),
        ("am 3. Ok", 0),
        ("これは", 3),
        ("", 0),
    ],
)
def test_the_last_break_is_where_no_number_can_go_on(text: str, end: int) -> None:
    assert seams.last_break(text) == end
