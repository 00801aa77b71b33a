"""How fast the engine reads, though steps are asked for one behind the other."""

from __future__ import annotations

import pytest

from inference.worker import pace
from inference.worker.pace import Pace


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("inference.worker.pace.monotonic", lambda: now[0])
    monkeypatch.setattr(pace, "WEIGHT", 1.0)
    return now


def test_a_step_alone_counts_from_when_it_was_asked_for(clock: list[float]) -> None:
    one = Pace()
    one.asked()
    clock[0] += 2
    one.ended(300)
    assert one.rate == 150.0


def test_steps_behind_one_another_count_each_its_own_time(clock: list[float]) -> None:
    one = Pace()
    one.asked()
    one.begun(200)
    clock[0] += 1
    one.asked()  # the next one, while that is under way
    clock[0] += 1
    one.begun(300)  # so the first has ended
    assert one.rate == 100.0
    one.asked()
    clock[0] += 4
    one.ended(100)  # the second and a chunk behind it
    assert one.rate == 100.0


def test_two_that_begin_in_one_step_are_read_in_one_time(clock: list[float]) -> None:
    one = Pace()
    one.asked()
    one.begun(100)
    clock[0] += 0.003
    one.begun(140)
    clock[0] += 2
    one.begun(50)
    assert one.rate == pytest.approx(120, rel=0.01)


def test_a_pause_is_no_time_of_reading(clock: list[float]) -> None:
    one = Pace()
    one.asked()
    one.begun(200)
    one.rest()
    clock[0] += 3600
    one.asked()
    clock[0] += 2
    one.ended(100)
    assert one.rate == 50.0


def test_a_few_tokens_say_nothing(clock: list[float]) -> None:
    one = Pace()
    one.asked()
    clock[0] += 2
    one.ended(pace.WORTH - 1)
    assert one.rate == 50.0
