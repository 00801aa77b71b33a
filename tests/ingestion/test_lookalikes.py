"""Names that tell passages apart, and those that a question says it does not mean."""

from __future__ import annotations

import pytest

from ingestion.search import Passage
from ingestion.understanding import lookalikes


def test_what_is_not_meant_is_not_searched_for() -> None:
    question = "What does support cost on Gold, not Platinum?"
    assert lookalikes.excluded(question) == ["Platinum"]
    assert lookalikes.without(question) == "What does support cost on Gold?"
    assert lookalikes.excluded("Do not forget the form.") == []


@pytest.mark.parametrize(
    ("question", "names", "left"),
    [
        (
            "How much notice must I give in Kassel, not in Bristol?",
            ["Bristol"],
            "How much notice must I give in Kassel?",
        ),
        ("What does Gold not Platinum cost, and when?", [], "What does Gold not Platinum cost, and when?"),
        ("How long is the response time of Gold not Platinum?", ["Platinum"], "How long is the response time of Gold?"),
        ("What is in the Gold plan (not the Platinum plan)?", ["Platinum"], "What is in the Gold plan?"),
        ("Was wiegt der FM45 statt FM40?", ["FM40"], "Was wiegt der FM45?"),
        ("Was kostet Gold, nicht Platin, im Jahr?", ["Platin"], "Was kostet Gold, im Jahr?"),
        ("What is the fee instead of Gold?", ["Gold"], "What is the fee?"),
    ],
)
def test_a_name_that_another_is_told_apart_from_is_not_meant(question: str, names: list[str], left: str) -> None:
    assert lookalikes.excluded(question) == names
    assert lookalikes.without(question) == left


@pytest.mark.parametrize(
    "question",
    [
        "Kann ich statt Urlaub Geld bekommen?",
        "Bekomme ich Geld statt Urlaub?",
        "Was tun, wenn der Aufzug außer Betrieb ist?",
        "Kann ich teilnehmen, wenn ich nicht Mitglied bin?",
        "Which suppliers are not ISO certified?",
        "Why is it not Monday?",
    ],
)
def test_a_not_that_is_asked_of_stays(question: str) -> None:
    assert lookalikes.excluded(question) == []
    assert lookalikes.without(question) == question


def test_what_is_left_out_or_lacking_is_a_condition_and_no_name_that_is_not_meant() -> None:
    for question in (
        "Darf ich ohne Krankmeldung zu Hause bleiben?",
        "May I enter without Badge 7?",
        "Can I work remotely from countries other than Germany?",
        "Which plans except Gold have a deadline?",
    ):
        assert lookalikes.excluded(question) == []
        assert lookalikes.without(question) == question


def test_a_rule_that_names_no_place_is_not_put_behind_all_that_do() -> None:
    def told(text: str, score: float) -> Passage:
        return Passage(**(dict.fromkeys(Passage.__dataclass_fields__, "") | {"text": text, "score": score}))  # type: ignore[arg-type]

    rule = told("Every employee has thirty days of leave a year.", 9.0)
    placed = [told(f"In Kassel the canteen opens at {hour}.", 5.0) for hour in range(6)]
    assert lookalikes.ordered("How many days of leave are there in Kassel?", [rule, *placed])[0] == rule
    near = told("In Kassel every employee has thirty days of leave.", 8.5)
    assert lookalikes.ordered("How many days of leave are there in Kassel?", [rule, near])[0] == near
