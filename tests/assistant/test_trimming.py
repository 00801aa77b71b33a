from __future__ import annotations

import uuid
from collections.abc import Sequence

import numpy as np

from assistant.answering import trimming
from ingestion.search import Passage

FILLER = " ".join(f"The {word} of the house is kept in good order by those who look after it." for word in (
    "garden", "cellar", "roof", "kitchen", "library", "stable", "workshop", "orchard", "bakery"
))  # fmt: skip
FEE = "A visa for Norway costs 80 euros and takes ten working days."
TABLE = (
    "| Plan | Fee |\n| --- | --- |\n"
    + "\n".join(f"| Plan {n} | {n} euros |" for n in range(40))
    + "\n| Gold | 900 euros |"
)


def passage(text: str, score: float = 5.0) -> Passage:
    return Passage(
        chunk_id=uuid.uuid4(),
        document_id=uuid.uuid4(),
        document_name="house.md",
        collection_id=uuid.uuid4(),
        version_id=uuid.uuid4(),
        ordinal=0,
        text=text,
        heading_path=(),
        locator={},
        content_hash="",
        score=score,
    )


def test_what_has_room_is_sent_whole() -> None:
    short = [passage("One thing."), passage("Another thing.")]
    sent = trimming.trim("What is there?", short, None, room=1050)
    assert [(one.text, one.places, one.is_whole) for one in sent] == [
        ("One thing.", ((0, 10),), True),
        ("Another thing.", ((0, 14),), True),
    ]


def test_the_sentence_that_is_asked_for_is_sent_and_most_of_the_rest_is_not() -> None:
    found = [passage(f"{FILLER} {FEE} {FILLER}"), passage(FILLER, 4.9)]
    sent = trimming.trim("What does a visa for Norway cost?", found, None, room=400)
    assert FEE in sent[0].text
    assert sum(len(one.text) for one in sent) < 520
    assert [one.passage for one in sent] == found  # something of the second is always among it
    for one in sent:
        assert one.text == trimming.GAP.join(one.passage.text[slice(*place)] for place in one.places)


def test_what_no_word_tells_the_vectors_do() -> None:
    def near(question: str, texts: Sequence[str]) -> trimming.Row:
        return np.array([5.0 * ("roof" in text) for text in texts])

    found = [passage(f"{FILLER} {FILLER}"), passage(FILLER, 4.0)]
    assert "roof" in trimming.trim("Is it waterproof?", found, near, room=200)[0].text
    assert "roof" not in trimming.trim("Is it waterproof?", found, None, room=200)[0].text


def test_a_sentence_of_a_better_passage_is_sent_before_one_that_is_as_near() -> None:
    found = [passage(f"{FEE} {FILLER}", 6.0), passage(f"{FEE} {FILLER}", 5.5), passage(f"{FEE} {FILLER}", 1.0)]
    sent = trimming.trim("What does a visa for Norway cost?", found, None, room=900)
    assert [one.passage for one in sent] == found[:2]
    assert len(sent[0].text) > len(sent[1].text)


def test_a_sentence_that_asks_is_not_sent_where_others_have_no_room() -> None:
    asks = "What does a visa for Norway cost, and who pays for it?"
    (sent,) = trimming.trim(asks, [passage(f"{asks} {FEE} {FILLER}")], None, room=140)
    assert (FEE in sent.text, asks in sent.text) == (True, False)


def test_a_row_of_a_table_keeps_its_header() -> None:
    (sent,) = trimming.trim("What is the fee of Gold?", [passage(TABLE)], None, room=120)
    assert sent.text.startswith("| Plan | Fee |")
    assert "| Gold | 900 euros |" in sent.text
    assert "Plan 17" not in sent.text


def test_each_row_is_weighed_under_its_header_as_the_first_is() -> None:
    seen = list[str]()

    def near(question: str, texts: Sequence[str]) -> trimming.Row:
        seen.extend(texts)
        return np.zeros(len(texts))

    trimming.trim("What is the fee of Gold?", [passage(f"{FILLER}\n\n{TABLE}")], near, room=120)
    rows = [text for text in seen if "euros" in text]
    assert [text.count("| Plan | Fee |") for text in rows] == [1] * 41
    assert rows[-1].endswith("| Gold | 900 euros |")


def test_a_sentence_longer_than_the_room_is_sent_all_the_same() -> None:
    long = "The visa " + "is granted to those who ask for it and " * 12 + "costs 80 euros."
    (sent,) = trimming.trim("What does the visa cost?", [passage(f"{FILLER} {long}")], None, room=200)
    assert "costs 80 euros" in sent.text


def test_no_passage_at_all_sends_nothing() -> None:
    assert trimming.trim("What is there?", [], None, room=1050) == []
