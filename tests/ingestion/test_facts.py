"""Facts of a text: one spelling for one value, with its kind."""

from __future__ import annotations

import pytest

from ingestion.attribution import facts
from ingestion.attribution.facts import Fact


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("£1,640 and 4,60 Euro and $77", [Fact("1640", "£"), Fact("4.6", "€"), Fact("77", "$")]),
        ("60 %, 60 percent, 0,5 Prozent", [Fact("60", "%"), Fact("60", "%"), Fact("0.5", "%")]),
        ("4 business hours, acht Wochen, a 30-day limit", [Fact("4", "hour"), Fact("8", "week"), Fact("30", "day")]),
        ("2 a year, 3 Feiertage", [Fact("2"), Fact("3")]),
        ("9:00 to 3 pm, 10.30 Uhr", [Fact("9", "time"), Fact("15", "time"), Fact("10:30", "time")]),
        ("an average of 3.6.", [Fact("3.6")]),
        ("FM45 in DN 50 by E-1042", [Fact("50")]),
    ],
)
def test_values_are_read_with_their_kind(text: str, wanted: list[Fact]) -> None:
    assert facts.values(text) == wanted


@pytest.mark.parametrize("text", ["18 March 2025", "March 18, 2025", "18. März 2025", "2025-03-18", "18.03.2025"])
def test_a_date_is_the_same_however_it_is_written(text: str) -> None:
    assert facts.values(f"on {text}") == [Fact("month 3", "date"), Fact("3-18", "date"), Fact("2025")]


def test_a_date_without_its_year_is_read_after_a_word_that_announces_one() -> None:
    assert facts.values("bis zum 31.12. möglich") == [Fact("month 12", "date"), Fact("12-31", "date")]


def test_codes_are_names_with_digits_and_not_measures() -> None:
    assert facts.codes("FM45, E-1042, KC-4 and v2.3; 10kg, the 5th, 24-hour") == {"fm45", "e-1042", "kc-4", "v2.3"}


def test_units_are_compared_only_where_both_are_written() -> None:
    assert Fact("30", "day").agrees(Fact("30"))
    assert not Fact("30", "day").agrees(Fact("30", "month"))
    assert not Fact("30").agrees(Fact("31"))


def test_what_numbers_a_line_or_cites_is_no_value() -> None:
    assert facts.values(facts.bare("2. Ask first [1][12].\n- 7 days")) == [Fact("7", "day")]
