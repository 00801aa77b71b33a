"""What many open streams cost, and what a stream shows before the first word."""

from __future__ import annotations

import asyncio
import os
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from assistant import conversations
from assistant.streams import doorbell, relay
from governance import keys
from governance.errors import NotFound
from inference.runners.base import ChatRequest
from tests.assistant import asking, serving
from tests.assistant.serving import PATIENCE_S
from tests.cast import House

FEW, MANY = 4, 40


@pytest.fixture
def site() -> Iterator[str]:
    with serving.web() as address:
        yield address


@pytest.fixture
def silent(settings: Any) -> Iterator[threading.Event]:
    """A model that reads, and writes nothing before it is let."""
    go = threading.Event()

    def speech(_: ChatRequest) -> Iterator[str]:
        assert go.wait(PATIENCE_S)
        yield asking.RULE

    asking.speak(settings, speech)
    yield go
    go.set()


def test_what_is_read_for_an_answer_is_shown_before_its_first_word(
    house: House, site: str, silent: threading.Event
) -> None:
    asking.shelf(house, asking.RULE)
    client = serving.browser(site, house, "bob")
    with serving.workers():
        answer = conversations.ask(house.bob, asking.QUESTION).pk
        with client.stream("GET", f"/a/{answer}/stream") as response:
            events = serving.events(response.iter_lines())
            told = next(event.data for event in events if event.data and "passages" in event.data)
            assert not silent.is_set()
            silent.set()
            rest = [event for event in events if event.name]
    (shown,) = told["passages"]
    row = asking.seen(house.bob, answer)
    assert [shown["chunk_id"]] == [one["chunk"] for one in row.passages]
    assert f"/passages/{shown['chunk_id']}" in told["html"]
    assert shown["document_name"] in told["html"]
    assert rest[-1].data["status"] == "answered"
    assert "passages" not in rest[-1].data  # by then the answer has its sources


def test_what_will_not_do_is_not_shown_as_read(house: House, silent: threading.Event) -> None:
    asking.shelf(house, asking.RULE)
    silent.set()
    row = asking.answered(house.bob, asking.OFF_TOPIC)
    assert row.status == "refused"
    row.status = "running"
    row.passages = [{"chunk": one["chunk"]} for one in row.receipt["kept"]]
    assert row.passages
    assert relay.state_of(row, 0)["passages"] == []


def sockets() -> int:
    """Connections that this process has open, to Postgres, Valkey or anybody."""
    links = (os.readlink(f"/proc/self/fd/{one}") for one in os.listdir("/proc/self/fd") if _is_there(one))
    return sum(link.startswith("socket:") for link in links)


def _is_there(number: str) -> bool:
    return Path(f"/proc/self/fd/{number}").is_symlink()


def test_forty_streams_take_no_more_connections_and_threads_than_four(house: House, site: str) -> None:
    """Beside those of the readers, of which each end is in this process."""
    client = serving.browser(site, house, "bob")
    with house.system.transaction():
        connection.cursor().execute("UPDATE tenant SET answers_per_person_max = 100 WHERE id = %s", [house.tenant])
    answer = asking.ask(house.bob).pk
    found = {}
    for amount in (FEW, MANY):
        with ExitStack() as ends:
            for _ in range(amount):
                response = ends.enter_context(client.stream("GET", f"/a/{answer}/stream"))
                events = serving.events(response.iter_lines())
                assert next(event for event in events if event.name).data["status"] == "queued"
            found[amount] = (sockets() - 2 * amount, threading.active_count())
    assert found[MANY][0] <= found[FEW][0] + 6  # pools that had not grown to their few before
    assert found[MANY][1] <= found[FEW][1] + 6


def test_a_key_that_is_revoked_ends_its_streams_while_nothing_else_happens(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the streams of the same person that were opened otherwise go on."""
    monkeypatch.setattr(doorbell, "TRUST_S", 3600.0)
    monkeypatch.setattr(doorbell, "REVIEWED_S", 0.05)
    by_key, bob = keys.resolve(house.key("bob")), house.bob
    assert by_key is not None
    answer = asking.ask(by_key).pk

    async def follow() -> None:
        beside = relay.follow(bob, answer, 0)
        await anext(beside)
        goes_on = asyncio.ensure_future(anext(beside))
        mine = relay.follow(by_key, answer, 0)
        await anext(mine)
        while not doorbell.doorbell().is_heard:
            await asyncio.sleep(0.01)
        await sync_to_async(serving.done_with)(keys.revoke, bob, uuid.UUID(str(by_key.key)))
        with pytest.raises(NotFound):
            await anext(mine)
        assert not goes_on.done()
        goes_on.cancel()

    asyncio.run(asyncio.wait_for(follow(), PATIENCE_S))
