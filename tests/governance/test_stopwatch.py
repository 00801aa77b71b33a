"""Time goes to the step that it was spent in, and to no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from unittest import mock

import pytest

from governance import stopwatch


@pytest.fixture
def clock() -> Iterator[mock.Mock]:
    with mock.patch("governance.stopwatch.time.monotonic", return_value=0.0) as now:
        yield now


def test_a_step_inside_another_counts_for_itself_alone(clock: mock.Mock) -> None:
    with stopwatch.running() as laps:
        clock.return_value = 1.0
        with stopwatch.step("outer"):
            clock.return_value = 3.0
            with stopwatch.step("inner"):
                clock.return_value = 7.0
            clock.return_value = 8.0
        clock.return_value = 10.0
        with stopwatch.step("inner"):
            clock.return_value = 10.5
        assert laps.seconds == {"outer": 3.0, "inner": 4.5}
        assert laps.whole == 10.5


def test_what_fails_has_taken_its_time_too(clock: mock.Mock) -> None:
    with stopwatch.running() as laps:
        with suppress(LookupError), stopwatch.step("search"):
            clock.return_value = 2.0
            raise LookupError
        with stopwatch.step("end"):
            clock.return_value = 3.0
    assert laps.seconds == {"search": 2.0, "end": 1.0}


def test_what_a_step_was_may_be_known_later(clock: mock.Mock) -> None:
    with stopwatch.running() as laps, stopwatch.step("first words"):
        clock.return_value = 5.0
    laps.split("first words", "line", 2.0, "reading")
    assert laps.seconds == {"line": 2.0, "reading": 3.0}
    laps.split("line", "a", 9.0, "b")  # no longer than it was
    assert laps.seconds == {"reading": 3.0, "a": 2.0, "b": 0.0}


def test_nothing_is_measured_for_nobody_and_nobody_measures_for_another(clock: mock.Mock) -> None:
    with stopwatch.step("alone"), stopwatch.running() as laps:
        with stopwatch.running() as other, stopwatch.step("theirs"):
            clock.return_value = 1.0
        assert (laps.seconds, other.seconds) == ({}, {"theirs": 1.0})
