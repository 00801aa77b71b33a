"""An answer in the line before its model: shown to who waits, and neither its time nor its prompt counts as used."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from assistant import answering, conversations
from assistant.answering import lease, standing
from assistant.models import Status
from assistant.streams import stream
from governance import quotas
from governance.quotas import limits
from governance.quotas.limits import Draft, Subject
from governance.quotas.models import Measure, Per
from inference.runners.base import Standing
from tests.assistant import asking
from tests.assistant.test_waiting import first_event
from tests.cast import House
from tests.inference.model_server import DONE, LONGEST_WAIT_S, ModelServer, Speaker, piece

LINE_S, CLAIM_S = 4.0, 3.0
BEAT_S = 0.1


@pytest.fixture(autouse=True)
def shelf(house: House) -> uuid.UUID:
    return asking.shelf(house)


@pytest.fixture
def server(settings: Any) -> Iterator[ModelServer]:
    """The usual chat model, on loopback."""
    with ModelServer() as one:
        chat = {
            "BACKEND": "inference.runners.openai_compatible.OpenAICompatible",
            "OPTIONS": {"base_url": one.base_url},
        }
        settings.CHANCERY_RUNNERS = settings.CHANCERY_RUNNERS | {"chat": chat}
        yield one


def says(server: ModelServer, speech: Callable[[], Iterator[bytes]]) -> None:
    def reply(speaker: Speaker) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # who asked may leave
            speaker.say_events(speech())

    server.chats(reply)


def waiting(goes_on: Callable[[], bool]) -> Iterator[bytes]:
    """As long as it does, what a worker of ours says of one who stands in its line."""
    until = time.monotonic() + LONGEST_WAIT_S
    while goes_on() and time.monotonic() < until:
        yield b": waiting 2 wait_s=12.5\n\n"
        time.sleep(BEAT_S)


def words() -> Iterator[bytes]:
    yield from (piece(asking.RULE), piece(finish="stop"), DONE)


def test_the_line_before_the_model_is_none_of_its_seconds(
    house: House, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "CLAIM_S", CLAIM_S)
    monkeypatch.setattr(lease, "GLANCE_S", 0.05)
    limits.write(house.ada, Draft(Subject(), Measure.SECONDS, Per.DAY, Decimal(600), (80, 100)))

    def speech() -> Iterator[bytes]:
        admitted = time.monotonic() + LINE_S
        yield from waiting(lambda: time.monotonic() < admitted)
        yield b": reading 100 of 900 wait_s=0.4\n\n"
        yield from words()

    says(server, speech)
    row = asking.answered(house.bob)
    assert (row.status, asking.said(row)) == (Status.ANSWERED, asking.RULE)
    assert row.times["line"] >= 900 * LINE_S
    kept = asking.reservation(house, row.pk)
    assert kept.used_ms < 1000 * CLAIM_S


def test_its_seconds_are_counted_from_when_the_model_is_at_it(
    house: House, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "CLAIM_S", 0.3)
    monkeypatch.setattr(lease, "GLANCE_S", 0.05)
    limits.write(house.ada, Draft(Subject(), Measure.SECONDS, Per.DAY, Decimal(600), (80, 100)))

    def endless() -> Iterator[bytes]:
        yield b": waiting 1 wait_s=2\n\n"
        while True:
            yield b": reading 1 of 9 wait_s=3\n\n"
            time.sleep(BEAT_S)

    says(server, endless)
    row = asking.answered(house.bob)
    assert row.notice.startswith("The model was stopped: where its seconds are limited")
    assert asking.reservation(house, row.pk).used


@pytest.mark.parametrize("is_read", [False, True])
def test_who_stops_in_the_line_has_used_nothing(house: House, server: ModelServer, is_read: bool) -> None:
    stands = threading.Event()

    def speech() -> Iterator[bytes]:
        for one in waiting(lambda: True):
            yield b": reading\n\n" if is_read else one
            stands.set()

    says(server, speech)
    asked = asking.ask(house.bob)
    stopping = threading.Thread(target=stop, args=(house, asked.pk, stands))
    stopping.start()
    answering.answer(house.tenant, asked.pk)
    stopping.join()
    assert asking.seen(house.bob, asked.pk).status == Status.CANCELLED
    kept = asking.reservation(house, asked.pk)
    assert kept.used is not None
    assert (kept.used > 0) == is_read


def stop(house: House, answer: uuid.UUID, stands: threading.Event) -> None:
    try:
        assert stands.wait(LONGEST_WAIT_S)
        conversations.cancel(house.bob, answer)
    finally:
        connection.close()


def test_the_stream_tells_the_place_in_the_models_line_until_it_is_left(house: House, server: ModelServer) -> None:
    admitted = threading.Event()

    def speech() -> Iterator[bytes]:
        yield from waiting(lambda: not admitted.is_set())
        yield from words()

    says(server, speech)
    asked = asking.ask(house.bob)
    at_work = threading.Thread(target=answering.answer, args=(house.tenant, asked.pk))
    at_work.start()
    try:
        until = time.monotonic() + LONGEST_WAIT_S
        while not stream.client().exists(stream.line_key(asked.pk)) and time.monotonic() < until:
            time.sleep(0.02)
        _, event, state = first_event(house.bob, asked.pk)
    finally:
        admitted.set()
        at_work.join()
    assert (event, state["status"]) == ("status", "running")
    assert state["line"] == {"state": "waiting", "position": 2, "wait_s": 12.5}
    assert not stream.client().exists(stream.line_key(asked.pk))


def test_what_is_said_again_rings_for_nobody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[object, bool]] = []
    monkeypatch.setattr(stream, "stand", lambda _, one, rings: told.append((one and one["position"], rings)))
    held = lease.claim(house.tenant, asking.ask(house.bob).pk)
    assert held is not None
    hear = standing.heard(held.answer, lease.Watch(held))
    third, second = Standing("waiting", 3, 9.0), Standing("waiting", 2, 6.0)
    for one in (third, third, second, Standing("reading"), Standing("reading"), None):
        hear(one)
    assert told == [(3, True), (3, False), (2, True), (None, True)]
