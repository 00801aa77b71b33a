"""A host's Stop, which leaves the stream of the call open: who stops what by it."""

from __future__ import annotations

import json
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from assistant import models
from assistant.mcp.under_way import SESSION
from assistant.streams import stream
from tests.assistant import asking, serving
from tests.assistant.mcp.speaking import call, message
from tests.assistant.mcp.test_outsiders import slowly
from tests.cast import House

EVENTS = {"Accept": "application/json, text/event-stream"}


def opened(site: str, key: str) -> str:
    """A new session's id."""
    return str(serving.caller(site, key).post("/mcp", json=message("initialize")).headers[SESSION])


def kept_to(session: str) -> dict[str, str]:
    return {SESSION: session} if session else {}


def stop(site: str, key: str, wanted: object, session: str = "") -> None:
    sent = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": wanted}}
    told = serving.caller(site, key).post("/mcp", json=sent, headers=kept_to(session))
    assert (told.status_code, told.content) == (202, b"")


def asked() -> dict[str, Any]:
    return call("ask", question=asking.QUESTION) | {"id": 5}


def only_answer(house: House) -> models.Answer:
    with house.system.transaction():
        return models.Answer.objects.get(person=house.ids["bob"])


def noted(house: House) -> list[bytes]:
    return list(stream.client().scan_iter(f"chancery:mcp:{house.tenant.hex}:*"))


@pytest.mark.parametrize("is_in_session", [False, True])
def test_a_stop_ends_the_callers_own_answer_and_an_outsiders_ends_nothing(
    site: str, house: House, neighbour: House, shelf: uuid.UUID, settings: Any, is_in_session: bool
) -> None:
    asking.speak(settings, slowly)
    key = house.key("bob")
    first, second = opened(site, key), opened(site, key)
    assert first != second
    mine = first if is_in_session else ""
    sent = asked()
    sent["params"]["_meta"] = {"progressToken": "p"}
    others = [(house.key("bob"), 5, mine), (house.key("charlie"), 5, mine), (neighbour.key("bob"), 5, mine)]
    others += [(key, 5, second), (key, 6, mine)]
    odd: list[object] = ["5", None, True, [5], {"id": 5}, 5.0]
    with serving.caller(site, key).stream("POST", "/mcp", json=sent, headers=EVENTS | kept_to(mine)) as response:
        lines = response.iter_lines()
        assert next(line for line in lines if "Twenty" in line)
        for whose, wanted, session in others:
            stop(site, whose, wanted, session)
        for one in odd:
            stop(site, key, one, mine)
        assert only_answer(house).cancel_requested_at is None
        stop(site, key, 5, mine)
        assert only_answer(house).cancel_requested_at is not None
        (last,) = [line for line in lines if '"result"' in line]
    assert json.loads(last.removeprefix("data: "))["result"]["structuredContent"]["status"] == "cancelled"
    assert "answer.cancelled" in asking.record(house, only_answer(house).pk)
    assert noted(house) == []


def test_a_stop_is_heard_by_whoever_waits_without_events_too(
    site: str, house: House, shelf: uuid.UUID, settings: Any
) -> None:
    asking.speak(settings, slowly)
    key = house.key("bob")
    client = serving.caller(site, key)
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(client.post, "/mcp", json=asked(), headers={"Accept": "application/json"})
        until = time.monotonic() + serving.PATIENCE_S
        while not noted(house):
            assert time.monotonic() < until
            threading.Event().wait(0.02)
        stop(site, key, 5)
        assert told.result(serving.PATIENCE_S).json()["result"]["structuredContent"]["status"] == "cancelled"
    assert noted(house) == []


def test_a_stop_that_comes_too_late_stops_nothing_that_was_asked_since(
    site: str, house: House, shelf: uuid.UUID, settings: Any
) -> None:
    asking.speak(settings, [asking.RULE])
    key = house.key("bob")
    told = serving.caller(site, key).post("/mcp", json=asked(), headers={"Accept": "application/json"})
    assert told.json()["result"]["structuredContent"]["status"] == "answered"
    waiting = asking.ask(house.bob)
    stop(site, key, 5)
    assert asking.seen(house.bob, waiting.pk).status == models.Status.QUEUED
