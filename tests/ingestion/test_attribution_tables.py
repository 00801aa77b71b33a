"""Which figure of a table a sentence may state, and of a list whose items are numbered."""

from __future__ import annotations

from unittest import mock

import pytest

from ingestion import attribution
from ingestion.attribution import rows, spans

PLANS = "| | Gold | Platinum |\n| --- | --- | --- |\n| Price per device | £340 | £620 |\n| Notice | 60 days | 90 days |"
CARE = """
| | Silver | Gold | Platinum |
| --- | --- | --- | --- |
| Response, priority 1 | 8 business hours | 4 business hours | 1 hour, day and night |
| Response, priority 2 | 3 business days | 1 business day | 4 hours, day and night |
| Visit on site | at cost | within 3 business days | next business day |
| Loan device | none | within 5 business days | within 48 hours |
""".strip()
PRIORITIES = """
## 1. What priorities mean

- Priority 2: works, answered within 4 days.
- Priority 3: a wish, answered within 5 days.
""".strip()


def is_cited(sentence: str, text: str) -> bool:
    return bool(attribution.attribute(sentence, [("", text)]))


def test_a_figure_of_a_table_counts_for_its_own_column_and_row() -> None:
    assert is_cited("The Gold price per device is £340.", PLANS)
    assert not is_cited("The Gold price per device is £620.", PLANS)
    years = "| Service | Notice |\n| --- | --- |\n| 2 years | 3 months |\n| 5 years | 4 months |"
    assert is_cited("After 2 years the notice is 3 months.", years)
    assert not is_cited("After 2 years the notice is 4 months.", years)


def test_the_quote_from_a_table_is_its_row() -> None:
    (one,) = attribution.attribute("The notice for Platinum is 90 days.", [("plans", PLANS)])
    assert one.quote == "| Notice | 60 days | 90 days |"
    assert PLANS[one.start : one.end] == one.quote


@pytest.mark.parametrize(
    "sentence",
    [
        "The response time for priority 1 under Gold is 4 business hours.",
        "The response time for priority 2 under Gold is 1 business day.",
        "Gold answers priority 1 in 4 business hours and priority 2 in 1 business day.",
        "Gold answers priority 2 in 1 business day, and Silver in 3 business days.",
        "Priority 1 of Platinum is answered in 1 hour, day and night, priority 2 in 4 hours.",
        "Gold customers get a visit on site within 3 business days.",
        "Under Gold, a loan device arrives within 5 business days and a visit within 3 business days.",
    ],
)
def test_what_a_table_says_is_cited(sentence: str) -> None:
    assert is_cited(sentence, CARE)


@pytest.mark.parametrize(
    ("sentence", "where"),
    [
        (
            "The response time for priority 1 under Gold is 3 business days.",
            "one column and another's row, or its own row",
        ),
        ("The response time for priority 1 under Gold is 1 business day.", "the next row, in another unit"),
        ("The response time for priority 2 under Gold is 4 business hours.", "the row before"),
        ("Priority 2 of Platinum is answered in 1 hour, day and night.", "the row before, and in its own name"),
        ("Under Gold, a loan device arrives within 3 business days.", "another row"),
        ("Under Gold, a loan device arrives within 48 hours.", "another column"),
    ],
)
def test_a_figure_that_stands_elsewhere_in_the_table_is_not_cited(sentence: str, where: str) -> None:
    assert not is_cited(sentence, CARE), where


def test_a_number_that_is_a_name_or_counts_headings_states_no_length() -> None:
    assert is_cited("Priority 3 is a wish and answered within 5 days.", PRIORITIES)
    assert not is_cited("A wish of priority 3 is answered within 3 days.", PRIORITIES)
    assert not is_cited("It works, answered within 1 day.", PRIORITIES)
    assert not is_cited("Priority 3 is answered within 4 days.", PRIORITIES)


LEVELS = "| Level | Leave |\n| --- | --- |\n| Level 1 | 25 days |\n| Level 2 | 28 days |\n| Level 3 | 30 days |"
HEADS = "| | Level 1 | Level 2 |\n| --- | --- | --- |\n| Limit | £500 | £5,000 |\n| Notice | 1 month | 2 months |"
TRIAL = "| When | What |\n| --- | --- |\n| Month 3 | a meeting about the trial |\n| Month 6 | the trial ends |"
LINES = "- Line 2 leaves at 7:45 and at 16:15.\n- Line 3 leaves the station at 8:10."
TOOLS = "| No | Device | Price |\n| --- | --- | --- |\n| 1 | pressure gauge | €60 |\n| 2 | thermometer | €85 |"
HOURS = "The canteen opens at 8 on working days and closes at 15."


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("Levels 2 and 3 get 28 and 30 days of leave.", LEVELS),
        ("Level two gets 28 days of leave.", LEVELS),
        ("On level 2 the notice is 2 months.", HEADS),
        ("After 3 months there is a meeting about the trial.", TRIAL),
        ("The trial ends after 6 months.", TRIAL),
        ("Line 2 leaves at 7:45.", LINES),
        ("The pressure gauge costs €60.", TOOLS),
        ("The canteen opens at 8 every day.", HOURS),
        ("Section 1 says what priorities mean.", PRIORITIES),
    ],
)
def test_names_measures_times_and_running_numbers_are_told_apart(sentence: str, text: str) -> None:
    assert is_cited(sentence, text)


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("Level two gets 30 days of leave.", LEVELS),
        ("Level-2 employees get 30 days of leave.", LEVELS),
        ("On level 2 the notice is 1 month.", HEADS),
        ("The pressure gauge costs €85.", TOOLS),
        ("The thermometer costs €60.", TOOLS),
    ],
)
def test_another_rows_or_columns_figure_is_told_by_what_it_is_called(sentence: str, text: str) -> None:
    assert not is_cited(sentence, text)


def test_each_row_of_a_table_is_read_once() -> None:
    with mock.patch.object(rows, "read", wraps=rows.read) as read:
        assert len(spans.read(CARE)) == 4
    assert read.call_count == 4


def table(*rows: str) -> str:
    head, *others = rows
    return "\n".join([head, "|" + " --- |" * (head.count("|") - 1), *others])


ROLES = table("| Role | Leave |", "| Manager | 25 days |", "| Senior manager | 30 days |")
LISTED = "- Manager: 25 days\n- Senior manager: 30 days"
TARIFFS = table("| Plan | Price |", "| Standard | 20 € |", "| Standard Plus | 30 € |")
WIDE = table("| | Standard | Standard Plus |", "| Price | 20 € | 30 € |")
GROUPS = table("| Group | Leave |", "| A | 20 days |", "| B | 30 days |")
NAMED = table("| Group | Leave |", "| Group A | 20 days |", "| Group B | 30 days |")
TEAMS = table("| Team | Leave |", "| IT | 20 days |", "| HR | 30 days |")
EVERY = table("| Who | Leave |", "| All | 20 days |", "| Managers | 30 days |")


@pytest.mark.parametrize(
    ("text", "one", "other"),
    [
        (ROLES, "Managers get 25 days of leave.", "Senior managers get 30 days of leave."),
        (LISTED, "Managers get 25 days of leave.", "Senior managers get 30 days of leave."),
        (TARIFFS, "The price of Standard is 20 €.", "The price of Standard Plus is 30 €."),
        (WIDE, "The price of Standard is 20 €.", "The price of Standard Plus is 30 €."),
        (GROUPS, "Group A gets 20 days of leave.", "Group B gets 30 days of leave."),
        (NAMED, "Group A gets 20 days of leave.", "Group B gets 30 days of leave."),
        (TEAMS, "IT gets 20 days of leave.", "HR gets 30 days of leave."),
        (EVERY, "All get 20 days of leave.", "Managers get 30 days of leave."),
    ],
)
def test_a_name_that_another_holds_or_that_is_a_small_word_tells_its_row(text: str, one: str, other: str) -> None:
    first, second = (next(word for word in said.split() if word.isdigit()) for said in (one, other))
    assert is_cited(one, text)
    assert is_cited(other, text)
    assert not is_cited(one.replace(first, second), text)
    assert not is_cited(other.replace(second, first), text)


@pytest.mark.parametrize(
    ("heads", "month", "year"),
    [
        ("Monthly price | Yearly price", "Gold costs {} a month.", "Gold costs {} a year."),
        ("Price per month | Price per year", "Gold costs {} monthly.", "The yearly price of Gold is {}."),
        ("Monatlicher Preis | Jährlicher Preis", "Gold kostet {} im Monat.", "Gold kostet {} im Jahr."),
        ("Monatspreis | Jahrespreis", "Gold kostet im Monat {}.", "Gold kostet {} im Jahr."),
    ],
)
def test_a_column_is_called_by_its_period_in_any_form(heads: str, month: str, year: str) -> None:
    text = table(f"| Plan | {heads} |", "| Gold | 100 € | 1000 € |", "| Silver | 50 € | 500 € |")
    assert is_cited(month.format("100 €"), text)
    assert is_cited(year.format("1000 €"), text)
    assert not is_cited(month.format("1000 €"), text)
    assert not is_cited(year.format("100 €"), text)


def test_the_length_of_another_figure_asks_for_no_column() -> None:
    text = table("| Plan | Monthly price | Yearly price |", "| Gold with a notice of 3 months | 100 € | 1000 € |")
    assert is_cited("Gold with a notice of 3 months costs 1000 €.", text)
