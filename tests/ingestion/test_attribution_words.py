"""Figures in words: ordinals, how often, and the 1 of "one month", "einen Monat" and "once a year"."""

from __future__ import annotations

import pytest

from ingestion import attribution
from ingestion.attribution import facts
from ingestion.attribution.facts import Fact


def is_cited(sentence: str, text: str) -> bool:
    return bool(attribution.attribute(sentence, [("", text)]))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("one month, one calendar month, one percent", [Fact("1", "month"), Fact("1", "month"), Fact("1", "%")]),
        ("no one, one of two days, one another", [Fact("2", "day")]),
        ("the third working day, the 3rd working day", [Fact("3", "day"), Fact("3", "day")]),
        ("am dritten Werktag, im zweiten Jahr", [Fact("3", "day"), Fact("2", "year")]),
        ("the twenty-first day, am einundzwanzigsten Tag", [Fact("21", "day"), Fact("21", "day")]),
        ("the second and fifth floors", [Fact("2"), Fact("5")]),
        ("30 seconds, one second later, the seconds left", [Fact("30", "second"), Fact("1", "second")]),
        ("Third, a third party: Dritte achten darauf, a third attempt.", []),
        ("one third is paid, a third of it, two thirds of it", [Fact("1/3"), Fact("1/3"), Fact("2/3"), Fact("2")]),
        ("the third of March, am dritten März", [Fact("month 3", "date"), Fact("3-3", "date")] * 2),
        ("twice a year, 3 times, zweimal, 2-mal", [Fact("3", "times"), *[Fact("2", "times")] * 3]),
        ("twice the amount, manchmal", []),
    ],
)
def test_ordinals_how_often_and_one_before_a_unit_are_figures(text: str, wanted: list[Fact]) -> None:
    assert sorted(facts.values(facts.bare(text))) == sorted(wanted)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("einen Monat, eines vollen Jahres", ["month", "year"]),
        ("within an hour, for a second opinion, half an hour, €5 a month", ["hour"]),
        ("the first working day, die ersten Tage, in the first weeks", ["day"]),
        ("once a year, once only, once a form is sent, at once", ["times", "times"]),
        ("einmal im Jahr, noch einmal, nicht einmal", ["times"]),
        ("an einem Tag, ein paar Tage, eine halbe Stunde", []),
    ],
)
def test_a_one_that_may_mean_none_is_told_apart(text: str, kinds: list[str]) -> None:
    assert facts.ones(text) == [Fact("1", kind) for kind in kinds]


WRONG = [
    ("Die Kündigungsfrist beträgt einen Monat.", "Die Kündigungsfrist beträgt drei Monate."),
    ("The notice period is one month.", "The notice period is three months."),
    ("The notice period is a month.", "The notice period is three months."),
    ("Fire drills are held once a year.", "Fire drills are held twice a year."),
    ("Fire drills are held twice a year.", "Fire drills are held once a year."),
    ("Fire drills are held twice a year.", "Fire drills are held three times a year."),
    ("Brandübungen finden einmal im Jahr statt.", "Brandübungen finden zweimal im Jahr statt."),
    ("Brandübungen finden dreimal im Jahr statt.", "Brandübungen finden zweimal im Jahr statt."),
    ("The rent is due by the third working day.", "The rent is due by the fifth working day."),
    ("The rent is due by the first working day.", "The rent is due by the fifth working day."),
    ("Die Miete ist am dritten Werktag fällig.", "Die Miete ist am fünften Werktag fällig."),
    ("The first response comes within one hour.", "The first response comes within 4 business hours."),
    ("After the third wrong attempt the account is locked.", "After the fifth wrong attempt the account is locked."),
    ("Azubis haben einen Monat Frist.", "- Azubis: 2 Monate Frist\n- Angestellte: ein Monat Frist"),
]


@pytest.mark.parametrize(("sentence", "passage"), WRONG)
def test_another_figure_in_words_is_not_cited(sentence: str, passage: str) -> None:
    assert not is_cited(sentence, passage)
    assert is_cited(passage, passage)


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("The first response comes within 1 hour.", "The first response comes within one hour."),
        ("The first response comes within one hour.", "The first response comes within an hour."),
        ("Die Kündigungsfrist beträgt 1 Monat.", "Die Kündigungsfrist beträgt einen Monat."),
        ("Die Kündigungsfrist beträgt einen Monat.", "Die Kündigungsfrist beträgt 1 Monat."),
        ("Die Miete ist am 3. Werktag fällig.", "Die Miete ist am dritten Werktag fällig."),
        ("Die Miete ist am dritten Werktag fällig.", "Die Miete ist am 3. Werktag fällig."),
        ("The rent is due by the 3rd working day.", "The rent is due by the third working day."),
        ("Fire drills are held 2 times a year.", "Fire drills are held twice a year."),
        ("Brandübungen finden 2-mal im Jahr statt.", "Brandübungen finden zweimal im Jahr statt."),
        ("The office is closed on the third of March.", "The office is closed on 3 March."),
    ],
)
def test_a_figure_in_words_is_the_same_in_digits(sentence: str, passage: str) -> None:
    assert is_cited(sentence, passage)


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("Fire drills are held once a year.", "Fire drills are held yearly."),
        ("Employees get 25 days in a year.", "Employees get 25 days a year, and 28 after 3 years."),
        ("The data is not passed on to third parties.", "The data is not passed on to a third party."),
        ("Once you have logged in twice, the code changes.", "The code changes when you have logged in twice."),
        (
            "It is paid within one month, or two months in hard cases.",
            "It is paid within 1 month, in hard cases 2 months.",
        ),
    ],
)
def test_an_article_that_nothing_contradicts_states_no_figure(sentence: str, passage: str) -> None:
    assert is_cited(sentence, passage)
