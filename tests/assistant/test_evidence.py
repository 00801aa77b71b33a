from __future__ import annotations

import uuid

import pytest

from assistant import evidence
from ingestion.search import Passage

PLAN = "Under Gold the first response comes within 4 business hours. Germany gets the PT-12 in DN 50 from Kassel."


def passage(text: str = PLAN, *, dense: float = 0.6, coverage: float = 0.3) -> Passage:
    return Passage(
        chunk_id=uuid.uuid4(),
        document_id=uuid.uuid4(),
        document_name="support-2025.pdf",
        collection_id=uuid.uuid4(),
        version_id=uuid.uuid4(),
        ordinal=0,
        text=text,
        heading_path=("Halden Care",),
        locator={},
        content_hash="",
        dense=dense,
        coverage=coverage,
    )


def test_what_is_near_and_named_suffices_and_the_receipt_shows_features_marks_and_decision() -> None:
    told = evidence.weigh("How fast is the response under Gold in 2025?", [passage()]).as_json()
    assert told == {
        "suffices": True,
        "nearest": 0.6,
        "covered": 0.3,
        "unnamed": [],
        "marks": {"nearest": evidence.NEAR, "covered": evidence.COVERED},
    }


def test_nothing_found_is_no_evidence() -> None:
    assert evidence.weigh("How fast is the response?", []).suffices is False


@pytest.mark.parametrize(
    ("dense", "coverage", "suffices"),
    [
        (evidence.NEAR, 0.0, True),
        (evidence.NEAR - 0.01, evidence.COVERED, True),
        (evidence.NEAR - 0.01, evidence.COVERED - 0.01, False),
    ],
)
def test_something_must_be_near_by_meaning_or_hold_the_words(dense: float, coverage: float, suffices: bool) -> None:
    found = [passage(dense=dense, coverage=coverage), passage(dense=0.1, coverage=0.1)]
    assert evidence.weigh("how fast is the response", found).suffices is suffices


def test_words_scattered_over_passages_are_not_held_by_one() -> None:
    found = [passage(dense=0.1, coverage=0.5), passage(dense=0.1, coverage=0.5)]
    assert evidence.weigh("how fast is the response", found).suffices is False


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What is the first response under the Bronze plan?", ("Bronze",)),
        ("What is the accuracy of the FM50?", ("FM50",)),
        ("What was the first response under Gold in 2023?", ("2023",)),
        ("Who answers in Rome and in Lyon?", ("Rome", "Lyon")),
        ("Wie schnell ist die Antwort beim FM50?", ("FM50",)),
    ],
)
def test_a_name_that_stands_in_no_passage_is_refused_and_said(question: str, missing: tuple[str, ...]) -> None:
    found = evidence.weigh(question, [passage("The FM45 stands in the room."), passage()])
    assert (found.suffices, found.unnamed) == (False, missing)
    notice = evidence.refusal({"collections": [{"name": "Handbook"}]}, found.unnamed)
    assert f"“{missing[0]}”" in notice
    assert "Searched: Handbook." in notice


@pytest.mark.parametrize(
    "question",
    [
        "How fast is the response for a German customer?",  # "Germany" is written
        "How fast is the response in Germnay?",
        "How heavy is the PT12 in DN50?",  # "DN 50" and "PT-12" are written
        "How fast is the response under the plans of 2025?",  # the title has the year
        "What does Halden Care promise?",  # a heading has the name
        "How fast does the CEO get a response on a Monday in March?",
        "HOW FAST IS THE ANSWER OF THE SUPPORT?",
        "Wie schnell ist die Antwort im Schichtbetrieb?",  # every German noun has a capital
    ],
)
def test_slips_short_forms_days_and_german_nouns_are_no_missing_names(question: str) -> None:
    assert evidence.weigh(question, [passage()]).unnamed == ()


def test_a_refusal_stays_short_however_long_a_name_and_however_many() -> None:
    collections = [{"name": f"Shelf {number} {'x' * 190}"} for number in range(9)]
    notice = evidence.refusal({"collections": collections}, tuple("X" * 500 for _ in range(9)))
    assert "(+3)" in notice
    assert len(notice) < 1000
