"""Stop is heard at once by the bell, and by the row where the bell is silent."""

from __future__ import annotations

import threading
import time

import pytest

from assistant import conversations
from assistant.answering import lease, stops
from assistant.streams import stream
from tests.assistant import asking
from tests.cast import House

PATIENCE_S = 60.0


def watched(house: House) -> tuple[lease.Watch, threading.Event]:
    held = lease.claim(house.tenant, asking.ask(house.bob).pk)
    assert held is not None
    watch, stopped = lease.Watch(held), threading.Event()
    watch.attach(stopped.set)
    return watch, stopped


def await_subscription() -> None:
    while not dict(stream.client().pubsub_numsub(stops.CHANNEL))[stops.CHANNEL.encode()]:
        time.sleep(0.02)


def test_the_bell_is_heard_long_before_the_next_glance(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "GLANCE_S", 3600.0)
    watch, stopped = watched(house)
    with watch:
        await_subscription()
        conversations.cancel(house.bob, watch.held.answer)
        assert stopped.wait(PATIENCE_S)
    assert watch.is_cancelled
    assert not watch.is_lost


def test_without_a_bell_the_next_glance_sees_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "GLANCE_S", 0.05)
    monkeypatch.setattr(stops, "ring", lambda _: None)
    watch, stopped = watched(house)
    with watch:
        conversations.cancel(house.bob, watch.held.answer)
        assert stopped.wait(PATIENCE_S)
    assert watch.is_cancelled


def test_a_ring_for_another_answer_stops_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "GLANCE_S", 3600.0)
    (one, one_stopped), (other, other_stopped) = watched(house), watched(house)
    with one, other:
        await_subscription()
        conversations.cancel(house.bob, other.held.answer)
        assert other_stopped.wait(PATIENCE_S)
        assert not one_stopped.is_set()
    assert not one.is_cancelled
