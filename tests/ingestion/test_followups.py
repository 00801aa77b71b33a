"""Which questions lean on the one before, and what they take along of it."""

from __future__ import annotations

import pytest

from ingestion.search import terms
from ingestion.understanding import followups
from ingestion.understanding.followups import Turn

PAIRS = (
    ("How many days of leave do I get in Bristol?", "And in Kassel?", "How many days of leave do I get in Kassel?"),
    ("What does the Gold plan cost?", "And Platinum?", "What does the Platinum plan cost?"),
    ("What does the Gold plan cost?", "what about Silver?", "What does the Silver plan cost?"),
    ("How much notice must I give?", "And during probation?", "How much notice must I give during probation?"),
    ("How long is an RMA number valid?", "Who issues it?", "Who issues it? (RMA number valid)"),
    ("How long is an RMA number valid?", "Why?", "Why? (RMA number valid)"),
    ("When does the canteen open?", "Until when?", "Until when? (canteen open)"),
    ("Wie viele Urlaubstage habe ich in Bristol?", "Und in Kassel?", "Wie viele Urlaubstage habe ich in Kassel?"),
    (
        "What does parking cost in Kassel?",
        "And how many days in Bristol?",
        "And how many days in Bristol? (parking cost Kassel)",
    ),
    ("How much is a badge?", "Who signs their contract?", "Who signs their contract? (badge)"),
    ("What is the per diem in Germany?", "for the UK?", "What is the per diem in Germany for the UK?"),
)


ALONE = (
    "Is it possible to work from home?",
    "How many days of leave may I carry over in Bristol?",
    "If I lose my laptop, must I report it?",
    "Does IT lend laptops?",
    "And how many days of annual leave do employees in Kassel have?",
    "Is there a canteen in Bristol?",
    "And how do I apply for parental leave?",
    "So, what is the dress code?",
    "Can employees bring their dogs to the office?",
)


def test_a_follow_up_takes_along_what_it_leans_on() -> None:
    for base, question, whole in PAIRS:
        assert followups.standalone(question, [Turn(base, "Yes.")]) == whole
        assert followups.standalone(question, []) is None


def test_a_question_of_its_own_is_left_as_it_is() -> None:
    for question in ALONE:
        assert followups.standalone(question, [Turn("What does the Gold plan cost?", "9,000.")]) is None, question


def test_a_follow_up_of_a_follow_up_leans_on_the_first() -> None:
    turns = [Turn("What does the Gold plan cost?"), Turn("And Platinum?")]
    assert followups.standalone("And Silver?", turns) == "What does the Silver plan cost?"


def test_who_is_meant_stands_in_the_answer() -> None:
    whole = followups.standalone("How do I reach her?", [Turn("Who approves orders?", "This is done by Ilse Tamm.")])
    assert whole is not None
    assert "Ilse Tamm" in whole


def test_what_points_back_is_looked_for_once_and_not_for_each_word(monkeypatch: pytest.MonkeyPatch) -> None:
    read_often = []

    def counted(text: str) -> list[str]:
        read_often.append(text)
        return counted_by(text)

    counted_by = terms.terms
    monkeypatch.setattr(terms, "terms", counted)
    assert not followups.leans("The form of the badge was lost, and " + "it or " * 1500 + "they are what I need.")
    assert len(read_often) < 10
