"""A mix of every kind of interaction, with workers that die, and the check that the bench of 10,000 judges them by."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from bench import interaction_kinds, interactions
from bench.interaction_check import Heard, Row, Told, differing, missing

AMOUNT = 100  # each kind by its share
ROW = Row("answered", 1, False, 1, ("One. ", "Two."))
TOLD = [
    Told("prompt.received", {}, {"text": "?"}),
    Told("policy.decided", {"stage": "input"}, None),
    Told("policy.decided", {"stage": "passage"}, None),
    Told("retrieval.performed", {}, {}),
    Told("policy.decided", {"stage": "output"}, None),
    Told("answer.segment", {"ordinal": 0}, {"text": "One. "}),
    Told("policy.decided", {"stage": "output"}, None),
    Told("answer.segment", {"ordinal": 1}, {"text": "Two."}),
    Told("answer.finished", {"status": "answered"}, None),
]


def test_each_of_a_hundred_mixed_interactions_has_every_event_and_was_recorded_as_it_was_heard() -> None:
    found = interactions.run(AMOUNT, 1, dict(os.environ))
    assert found["amiss"] == {}
    assert found["asked"] == AMOUNT
    assert found["crashes"] == sum(kind.share for kind in interaction_kinds.KINDS if "crashed" in kind.name)
    assert {end.partition(":")[0] for end in found["ends"]} == {kind.name for kind in interaction_kinds.KINDS}


def test_what_is_whole_is_found_whole() -> None:
    assert missing(ROW, TOLD) == []
    assert differing(ROW, TOLD, Heard(("One. ", "Two."), is_whole=True)) == []
    assert differing(ROW, TOLD, Heard(("One. ",))) == []


@pytest.mark.parametrize("place", range(len(TOLD)))
def test_an_event_that_is_missing_or_stands_twice_is_found(place: int) -> None:
    assert missing(ROW, TOLD[:place] + TOLD[place + 1 :])
    if TOLD[place].name != "policy.decided passage":  # a worker that died may have judged a passage for nothing
        assert missing(ROW, [*TOLD, TOLD[place]])


def test_what_was_held_back_and_is_not_on_the_record_is_found() -> None:
    cut = replace(ROW, status="interrupted")
    told = [*TOLD[:-1], Told("answer.finished", {"status": "interrupted"}, None)]
    held = Told("answer.withheld", {"characters": 7, "after": 2, "why": "broke off"}, {"withheld": "Longer "})
    assert missing(cut, [*told, held]) == []
    assert missing(cut, told)
    assert missing(ROW, [*TOLD, held])
    assert missing(replace(cut, attempts=2), told) == []  # a worker that died had no time to say what it held


def test_another_end_and_a_stop_that_is_not_recorded_are_found() -> None:
    assert missing(replace(ROW, status="failed"), TOLD)
    assert missing(replace(ROW, is_stopped=True), TOLD)
    assert missing(ROW, [*TOLD, Told("answer.feedback", {}, None)])


@pytest.mark.parametrize(
    "heard",
    [
        Heard(("One. ",), is_whole=True),
        Heard(("One. ", "Two!"), is_whole=True),
        Heard(("Two.",)),
        Heard(("One. ", "Two.", "x")),
    ],
)
def test_a_byte_that_differs_from_what_is_recorded_is_found(heard: Heard) -> None:
    assert differing(ROW, TOLD, heard)
    assert differing(replace(ROW, texts=("One. ",)), TOLD, Heard())
