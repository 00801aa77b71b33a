from __future__ import annotations

import uuid

import pytest

from assistant.answering import evidence
from ingestion.models import Strictness
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
    assert (told["suffices"], told["decision"], told["strictness"], told["unnamed"]) == (True, "answer", "balanced", [])
    assert (told["nearest"], told["covered"]) == (0.6, 0.3)
    assert set(told["features"]) == set(evidence.WEIGHTS) - {"bias"}
    assert told["marks"]["refuse"] < told["marks"]["warn"] <= told["probability"] <= 1


def test_nothing_found_is_no_evidence() -> None:
    found = evidence.weigh("How fast is the response?", [])
    assert (found.decision, found.probability) == (evidence.Decision.REFUSE, 0.0)


def test_the_nearer_and_the_more_of_its_words_the_more_probable() -> None:
    far, near = (evidence.weigh("how fast is the response", [passage(dense=dense)]) for dense in (0.1, 0.7))
    assert far.probability < near.probability
    few, many = (evidence.weigh("how fast is the response", [passage(coverage=share)]) for share in (0.1, 0.9))
    assert few.probability < many.probability
    named, unnamed = (evidence.weigh(f"how fast is the response of {who}", [passage()]) for who in ("Gold", "Bronze"))
    assert unnamed.probability < named.probability


def test_nothing_near_is_refused_at_every_strictness_and_what_is_near_at_none() -> None:
    for strictness in Strictness:
        far = [passage("Something else.", dense=0.02, coverage=0.0)]
        assert not evidence.weigh("how fast is the response", far, strictness=strictness).suffices
        assert evidence.weigh("how fast is the response", [passage(dense=0.8)], strictness=strictness).suffices


def test_the_stricter_the_more_is_refused_and_warned_of() -> None:
    marks = [evidence.MARKS[one] for one in (Strictness.LENIENT, Strictness.BALANCED, Strictness.STRICT)]
    assert marks == sorted(marks)
    assert all(0 < refuse < warn < 1 for refuse, warn in marks)
    decided = set()
    for dense in range(100):
        found = [passage(dense=dense / 100, coverage=0.2)]
        by_level = [evidence.weigh("how fast is the response", found, strictness=one) for one in Strictness]
        order = [("refuse", "warn", "answer").index(one.decision) for one in by_level]
        assert order == sorted(order, reverse=True)
        decided |= {one.decision for one in by_level}
    assert decided == set(evidence.Decision)


def test_another_embedder_s_cosines_are_counted_from_its_own_mark() -> None:
    one = evidence.weigh("how fast is the response", [passage(dense=0.26 + 0.74 / 2)], near=0.26)
    other = evidence.weigh("how fast is the response", [passage(dense=0.77 + 0.23 / 2)], near=0.77)
    assert one.probability == other.probability


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
    assert found.unnamed == missing
    assert found.probability < evidence.weigh(question.replace(missing[0], "it"), [passage()]).probability
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


def test_what_the_glossary_spells_out_is_not_missing_where_the_passages_have_it_so() -> None:
    question, explained = "How do I set up 2FA?", [("2FA", "two-step login, two-factor authentication")]
    found = [passage("Two-factor authentication is set up in your profile.")]
    assert evidence.weigh(question, found).unnamed == ("2FA",)
    assert evidence.weigh(question, found, explained=explained).unnamed == ()
    assert evidence.weigh(question, found, explained=explained).suffices
    assert evidence.weigh(question, [passage()], explained=explained).unnamed == ("2FA",)


def test_a_refusal_stays_short_however_long_a_name_and_however_many() -> None:
    collections = [{"name": f"Shelf {number} {'x' * 190}"} for number in range(9)]
    notice = evidence.refusal({"collections": collections}, tuple("X" * 500 for _ in range(9)))
    assert "(+3)" in notice
    assert len(notice) < 1000
