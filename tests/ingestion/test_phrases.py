"""What stands in quotes: looked for word for word, and no slip."""

from __future__ import annotations

from typing import Any

import pytest

from ingestion import understanding
from ingestion.models import Chunk
from ingestion.search import phrases
from ingestion.understanding import Part
from tests.cast import House
from tests.ingestion.test_understanding import read, shelf

OTHERS = [
    f"Leave of kind {number} is carried to the next year, and days over are paid in March." for number in range(70)
]
SAID = "Five days may be Carried over, to March at the latest."
LONG = "long " * 59 + "words"  # 300 characters


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ('What does "carried over" mean?', ["carried over"]),
        ("What does “carried over” mean, and “paid out”?", ["carried over", "paid out"]),
        ("Was heißt „in Kraft“ und «en vigueur»?", ["in Kraft", "en vigueur"]),
        ('Die „neue Ordnung"-Regelung und »alte Ordnung«', ["neue Ordnung", "alte Ordnung"]),
        ('("E-1042: pump failed")', ["E-1042: pump failed"]),
        ("規程に“年度の予算”と「年度の計画」とあり", ["年度の予算", "年度の計画"]),
        ('規程に"年度の予算"とあり', ["年度の予算"]),
        ('A 19" rack and a 24" monitor, 5\'10" high', []),
        ('Why does print("hello world") fail?', []),
        ('"" and "…" and " ', []),
        ('Is the "bonus" paid, or „Kür“?', []),  # one word by itself
        ('What is "E-1042"?', ["E-1042"]),
        ('The “a b”† and "c d"† and "e f"、', ["a b", "e f"]),
        ('Which plan fits, not "Gold plus", and nicht der "Platin plus"?', []),
        (f'"{LONG}"', [LONG]),
        (f'"{LONG}s"', []),
        ('"a b" "b c" "c d" "d e" "a b"', ["a b", "b c", "c d"]),
    ],
)
def test_what_stands_in_quotes(question: str, found: list[str]) -> None:
    assert phrases.quoted(question) == found


@pytest.mark.parametrize(
    ("phrase", "text", "is_held"),
    [
        ("carried over", "It is Carried\n  over to March.", True),
        ("carried over", "carried-over leave", True),
        ("carried over", "_carried over_ and travel_policy", True),
        ("carried over", "carried overnight", False),
        ("carried over", "over and carried", False),
        ("Über das Jahr", "ÜBER DAS JAHR hinaus", True),
        ("Straße frei", "STRASSE FREI", True),
        ("die Kündi\u00adgung", "die Kündigung", True),
        ("die Ku\u0308ndigung", "die Kündigung", True),
        ("die Kün\u200bdigung", "die Kündigung", True),
        ("the ﬁle is", "The file is", True),
        ("days (working)", "five days, working", True),
        ("travel policy", "travel_policy_2024.pdf", True),
        ("年度の予算", "2024年度の予算です", True),
        ("年度の予算", "年度と予算", False),
        ("दिन में", "दान में", False),
        ("दिन में", "एक दिन में", True),
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


@pytest.mark.parametrize(
    "said",
    [
        "über die Brücke",
        "ÜBER die brücke",
        "Motor 4.2 läuft",
        "die Brücke: Motor",
        "u\u0308ber die Bru\u0308cke",
        "Läuft auf Strasse",
    ],
)
def test_it_is_found_in_what_is_spelled_with_other_letters(house: House, said: str) -> None:
    text = "Über die Brücke: Motor 4.2 läuft auf Straße neun."
    collection = shelf(house, "Wege", *[f"Der Weg {number} führt zum Haus." for number in range(60)], text)
    found, _ = understanding.passages(house.bob, f"Welcher Weg führt zum Haus, „{said}“?", [collection], limit=3)
    assert found.passages[0].text == text


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
    understood = read(house.bob, 'Who says "is reimbursd", and is it reimbursd?', [collection])
    assert '"is reimbursd"' in understood.question
    assert understood.question.endswith("reimbursed?")
    whole = 'Which paper says "leave is paid, and what is left is lost"?'
    assert read(house.bob, whole, [collection]).searches == (whole,)
    assert len(read(house.bob, whole, [collection], ["quotes"]).searches) == 2


def test_each_of_several_questions_has_its_own(house: House) -> None:
    lease = "The lease of the office is signed by the treasurer."
    said = [f"Kind {number}: what is carried over is paid in March." for number in range(9)]
    collection = shelf(house, "Leave", *said, lease)
    question = 'What does "carried over" mean, and who signs the lease of the office?'
    found, understood = understanding.passages(house.bob, question, [collection], limit=5)
    assert len(understood.searches) == 2
    assert lease in [one.text for one in found.passages[:2]]


def test_what_is_quarantined_is_not_told_to_hold_it(house: House) -> None:
    collection = shelf(house, "Leave", *OTHERS[:3], SAID)
    with house.system.transaction():
        Chunk.objects.filter(tenant_id=house.tenant, collection_id=collection, text=SAID).update(is_quarantined=True)
    _, understood = understanding.passages(house.bob, 'Is leave "carried over, to March"?', [collection])
    assert [one.meant for one in understood.notes if one.part is Part.QUOTES] == [""]


def test_it_stands_before_others_of_its_document_too(house: House, settings: Any) -> None:
    settings.SEARCH_DIVERSITY = 0.9
    collection = shelf(house, "Leave", *OTHERS[:9], SAID, SAID.replace("Five", "Seven"))
    found, _ = understanding.passages(house.bob, 'What is "carried over, to March"?', [collection], limit=4)
    assert ["March at" in one.text for one in found.passages] == [True, True, False, False]


def test_a_phrase_of_what_one_may_not_read_changes_nothing(house: House) -> None:
    mine = shelf(house, "Leave", *OTHERS[:3])
    question = 'Is leave "carried over, to March"?'
    before = understanding.passages(house.bob, question)
    shelf(house, "Board", SAID, is_read=False)
    after = understanding.passages(house.bob, question)
    assert [one.text for one in after[0].passages] == [one.text for one in before[0].passages]
    assert after[1] == before[1]
    assert {one.collection_id for one in after[0].passages} == {mine}
