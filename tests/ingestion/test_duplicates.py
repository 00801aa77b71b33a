"""A copy is left out; what differs in a name, a figure or a "not" is no copy."""

from __future__ import annotations

import pytest

from ingestion.search import duplicates

RULE = (
    "Employees of the Gold plan may work abroad for up to 20 days a year. The request goes to the manager, who answers within"
    " two weeks. Social security is not affected as long as the stay is shorter than 25 % of the working time."
)


def _repeats(one: str, kept: str) -> bool:
    return duplicates.repeats(duplicates.fingerprint(one), duplicates.fingerprint(kept))


@pytest.mark.parametrize(
    "copy",
    [
        RULE,
        RULE.upper(),
        RULE.replace(". ", ".\n\n- "),
        RULE.partition(". ")[2],  # a part of it
    ],
)
def test_what_is_said_already_is_a_copy(copy: str) -> None:
    assert _repeats(copy, RULE)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("Gold", "Platinum"),
        ("20 days", "30 days"),
        ("may work", "may not work"),
        ("is not affected", "is affected"),
        ("25 %", "50 %"),
    ],
)
def test_a_look_alike_is_none_either_way(was: str, now: str) -> None:
    other = RULE.replace(was, now)
    assert not _repeats(other, RULE)
    assert not _repeats(RULE, other)


def test_a_longer_passage_is_no_copy_of_a_part_of_it() -> None:
    assert not _repeats(RULE + " Interns ask the school as well.", RULE)
    assert _repeats(RULE, RULE + " Interns ask the school as well.")
    assert not _repeats(RULE, RULE + " This does not hold for interns.")  # what it adds may take back the rest


def test_the_same_words_in_another_order_are_no_copy() -> None:
    words = RULE.split()
    assert not _repeats(" ".join(words[::2] + words[1::2]), RULE)


def test_a_line_of_a_few_words_is_never_left_out() -> None:
    assert not _repeats("See above.", "See above.")
