"""What stands in quotes: looked for word for word, and no slip."""

from __future__ import annotations

import pytest

from ingestion import understanding
from ingestion.search import phrases
from ingestion.understanding import Part
from tests.cast import House
from tests.ingestion.test_understanding import only, read, shelf

OTHERS = [
    f"Leave of kind {number} is carried to the next year, and days over are paid in March." for number in range(70)
]
SAID = "Five days may be Carried over, to March at the latest."


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ('What does "carried over" mean?', ["carried over"]),
        ("What does “carried over” mean, and “paid out”?", ["carried over", "paid out"]),
        ("Was heißt „in Kraft“ und «en vigueur»?", ["in Kraft", "en vigueur"]),
        ('("E-1042: pump failed")', ["E-1042: pump failed"]),
        ('A 19" rack and a 24" monitor, 5\'10" high', []),
        ('"" and "…" and " ', []),
        (f'"{"long " * 80}"', []),
        ('"a" "b" "c" "d" "a"', ["a", "b", "c"]),
    ],
)
def test_what_stands_in_quotes(question: str, found: list[str]) -> None:
    assert phrases.quoted(question) == found


@pytest.mark.parametrize(
    ("phrase", "text", "is_held"),
    [
        ("carried over", "It is Carried\n  over to March.", True),
        ("carried over", "carried-over leave", True),
        ("carried over", "carried overnight", False),
        ("carried over", "over and carried", False),
        ("Über das Jahr", "ÜBER DAS JAHR hinaus", True),
        ("days (working)", "five days, working", True),
        ("年度の予算", "2024年度の予算です", True),
        ("年度の予算", "年度と予算", False),
        ("a.b", "a+b", True),
        ("…", "anything", False),
    ],
)
def test_a_phrase_is_held_word_for_word(phrase: str, text: str, is_held: bool) -> None:
    assert phrases.holds(phrase, text) is is_held


def test_what_holds_it_comes_first_although_a_hundred_are_nearer(house: House) -> None:
    collection = shelf(house, "Leave", *OTHERS, SAID)
    question = 'Is leave of the next year "carried over, to March"?'
    found, understood = understanding.passages(house.bob, question, [collection], limit=5)
    assert found.passages[0].text == SAID
    assert len(found.passages) == 5  # nothing is left out
    (note,) = [one for one in understood.notes if one.part is Part.QUOTES]
    assert (note.said, note.meant) == ("carried over, to March", "carried over, to March")
    without, understood = understanding.passages(house.bob, question, [collection], limit=5, off=["quotes"])
    assert SAID not in [one.text for one in without.passages]
    assert Part.QUOTES not in {one.part for one in understood.notes}


@pytest.mark.parametrize("said", ["über die Brücke", "ÜBER die brücke", "Motor 4.2 läuft"])
def test_it_is_found_in_any_case_in_what_is_spelled_with_other_letters(house: House, said: str) -> None:
    collection = shelf(
        house,
        "Wege",
        *[f"Der Weg {number} führt zum Haus." for number in range(60)],
        "Über die Brücke: Motor 4.2 läuft.",
    )
    found, _ = understanding.passages(house.bob, f"Welcher Weg führt zum Haus, „{said}“?", [collection], limit=3)
    assert found.passages[0].text == "Über die Brücke: Motor 4.2 läuft."


def test_where_nothing_holds_it_that_is_said_and_the_rest_is_found_as_ever(house: House) -> None:
    collection = shelf(house, "Leave", *OTHERS[:5])
    found, understood = understanding.passages(house.bob, 'Is leave "carried over to Easter"?', [collection])
    assert len(found.passages) == 5
    assert [(one.said, one.meant) for one in understood.notes if one.part is Part.QUOTES] == [
        ("carried over to Easter", "")
    ]
    assert found.receipt["understood"]["notes"][0]["meant"] == ""


def test_no_slip_is_mended_in_it_and_it_is_no_two_questions(house: House) -> None:
    collection = shelf(house, "Leave", "Leave is reimbursed by the office, and what is left is paid.")
    assert (
        read(house.bob, 'Who says "reimbursd", and who reimbursd?', [collection], only(Part.QUOTES)).question.count(
            "reimbursd"
        )
        == 2
    )
    understood = read(house.bob, 'Who says "reimbursd", and is it reimbursd?', [collection])
    assert '"reimbursd"' in understood.question
    assert understood.question.endswith("reimbursed?")
    whole = 'Which paper says "leave is paid, and what is left is lost"?'
    assert read(house.bob, whole, [collection]).searches == (whole,)


def test_a_phrase_of_what_one_may_not_read_changes_nothing(house: House) -> None:
    mine = shelf(house, "Leave", *OTHERS[:3])
    question = 'Is leave "carried over, to March"?'
    before = understanding.passages(house.bob, question)
    shelf(house, "Board", SAID, is_read=False)
    after = understanding.passages(house.bob, question)
    assert [one.text for one in after[0].passages] == [one.text for one in before[0].passages]
    assert after[1] == before[1]
    assert {one.collection_id for one in after[0].passages} == {mine}
