"""An answer on its way to its reader: live, after a reload, on another web process, and with the stream lost."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from assistant import answering, conversations
from assistant.streams import doorbell, relay, stream
from governance import keys, people
from governance.errors import NotFound
from inference.runners.base import ChatRequest
from inference.runners.scripted import ScriptedChat
from tests.assistant import asking, serving
from tests.assistant.serving import PATIENCE_S, Event
from tests.cast import House

SENTENCES = [
    "Twenty working days a year may be spent abroad. ",
    "Longer stays need the consent of the head of department. ",
    "The head of department answers within a week. ",
    "Nothing else is said about it.",
]
WHOLE = "".join(SENTENCES)


@dataclass
class Halting:
    """A model that writes one sentence and goes on when it is let."""

    model: ScriptedChat
    go: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def halting(house: House, settings: Any) -> Iterator[Halting]:
    asking.shelf(house, WHOLE)

    def speech(_: ChatRequest) -> Iterator[str]:
        first, *rest = SENTENCES
        yield first + rest[0][:10]  # what follows shows the gate that the sentence is whole
        assert found.go.wait(PATIENCE_S)
        yield rest[0][10:]
        yield from rest[1:]

    found = Halting(asking.speak(settings, speech))
    yield found
    found.go.set()


@pytest.fixture
def site() -> Iterator[str]:
    with serving.web() as address:
        yield address


@pytest.fixture
def crew(halting: Halting) -> Iterator[serving.Workers]:
    with serving.workers() as crew:
        yield crew
        halting.go.set()


def asked(house: House) -> uuid.UUID:
    return conversations.ask(house.bob, asking.QUESTION).pk


def segments(told: list[Event]) -> list[Event]:
    return [event for event in told if event.name == "segment"]


def until(events: Iterator[Event], holds: Callable[[Event], bool]) -> list[Event]:
    """Up to and with the first for which it holds."""
    read = []
    for event in events:
        read.append(event)
        if holds(event):
            return read
    raise AssertionError(f"it ended first: {read}")


def is_segment(event: Event) -> bool:
    return event.name == "segment"


def test_a_segment_is_with_its_reader_while_the_model_still_writes(
    house: House, halting: Halting, site: str, crew: serving.Workers
) -> None:
    answer = asked(house)
    client = serving.browser(site, house, "bob")
    with client.stream("GET", f"/a/{answer}/stream") as response:
        events = serving.events(response.iter_lines())
        assert until(events, is_segment)[-1].data["text"] == SENTENCES[0]
        assert not halting.go.is_set()
        halting.go.set()
        rest = [event for event in events if event.name]
    again = [event for event in serving.followed(client, f"/a/{answer}/stream", last=1) if event.name]
    raw, first = ([json.dumps(event.data) for event in told] for told in (again, rest))
    assert raw == first  # from rows as from the stream, the order of names too
    assert [event.data["text"] for event in segments(rest)] == SENTENCES[1:]
    assert [event.number for event in segments(rest)] == [2, 3, 4]
    assert (rest[-1].name, rest[-1].number, rest[-1].data["status"]) == ("done", 4, "answered")
    assert all("<p>" not in event.data["html"] and event.data["html"] for event in segments(rest))


def test_a_reader_goes_on_at_another_web_process_where_they_were_and_nothing_is_generated_again(
    house: House, halting: Halting, site: str, crew: serving.Workers
) -> None:
    answer = asked(house)
    client = serving.browser(site, house, "bob")
    with client.stream("GET", f"/a/{answer}/stream") as response:
        first = until(serving.events(response.iter_lines()), is_segment)[-1]
    with serving.web() as other:
        elsewhere = serving.browser(other, house, "bob")
        with elsewhere.stream("GET", f"/a/{answer}/stream", headers={"Last-Event-ID": str(first.number)}) as response:
            events = serving.events(response.iter_lines())
            until(events, lambda event: event.name == "status")
            halting.go.set()
            rest = segments([event for event in events if event.name])
    assert [first.number, *(event.number for event in rest)] == [1, 2, 3, 4]
    assert first.data["text"] + serving.text(rest) == WHOLE == asking.said(asking.seen(house.bob, answer))
    assert len(halting.model.requests) == 1


def test_coming_back_at_any_place_tells_exactly_what_was_not_seen(
    house: House, halting: Halting, site: str, crew: serving.Workers
) -> None:
    halting.go.set()
    answer = asked(house)
    assert crew.fault(answer) is None
    client = serving.browser(site, house, "bob")
    for last in range(len(SENTENCES) + 1):
        told = serving.followed(client, f"/a/{answer}/stream", last=last)
        assert serving.text(told) == "".join(SENTENCES[last:])
        assert [event.number for event in segments(told)] == list(range(last + 1, 5))
        assert [event.name for event in told if event.name != "segment"] == ["done"]
    assert len(halting.model.requests) == 1
    nonsense = client.get(f"/a/{answer}/stream", headers={"Last-Event-ID": "-1; DROP"})
    assert serving.text(serving.events(nonsense.text.splitlines())) == WHOLE


def drop_the_stream(answer: uuid.UUID) -> None:
    stream.client().delete(stream.key(answer))


def drop_the_next_entry(answer: uuid.UUID) -> None:
    stream.client().xdel(stream.key(answer), "2-0")


@pytest.mark.parametrize("loss", [drop_the_stream, drop_the_next_entry])
def test_where_the_stream_was_lost_in_between_the_rows_tell_the_rest(
    house: House, halting: Halting, crew: serving.Workers, loss: Callable[[uuid.UUID], None]
) -> None:
    bob, answer = house.bob, asked(house)

    async def read() -> list[tuple[int, str, dict[str, Any]]]:
        told = []
        async for event in relay.follow(bob, answer, 0):
            told.append(event)
            if event[:2] == (1, "segment"):
                halting.go.set()
                assert await asyncio.to_thread(crew.fault, answer) is None
                loss(answer)
        return told

    told = asyncio.run(read())
    assert [number for number, name, _ in told if name == "segment"] == [1, 2, 3, 4]
    assert "".join(data["text"] for _, name, data in told if name == "segment") == WHOLE
    assert told[-1][1] == "done"


def test_without_valkey_the_rows_alone_carry_it(
    house: House, halting: Halting, crew: serving.Workers, settings: Any
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    stream.client.cache_clear()
    bob, answer = house.bob, asked(house)

    async def read() -> list[tuple[int, str, dict[str, Any]]]:
        told = []
        async for event in relay.follow(bob, answer, 0):
            told.append(event)
            halting.go.set()
        return told

    told = asyncio.run(read())
    stream.client.cache_clear()
    assert [number for number, name, _ in told if name == "segment"] == [1, 2, 3, 4]
    assert "".join(data["text"] for _, name, data in told if name == "segment") == WHOLE


def test_an_end_that_rings_together_with_the_last_segment_is_told_at_once(
    house: House, halting: Halting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorbell, "TRUST_S", 3600.0)
    monkeypatch.setattr(doorbell, "REVIEWED_S", 3600.0)
    halting.go.set()
    bob, answer = house.bob, asking.ask(house.bob).pk

    async def read() -> list[str]:
        told = []
        async for _, name, _ in relay.follow(bob, answer, 0):
            told.append(name)
            if told == ["status"]:
                while not doorbell.doorbell().is_heard:
                    await asyncio.sleep(0.01)
                with ThreadPoolExecutor(1) as pool:  # the loop stands still meanwhile, and hears all rings at once
                    pool.submit(answering.answer, bob.tenant, answer).result(PATIENCE_S)
        return told

    told = asyncio.run(asyncio.wait_for(read(), PATIENCE_S))
    assert [name for name in told if name != "status"] == ["segment"] * 4 + ["done"]


def test_many_readers_of_one_answer_each_hear_all_of_it(house: House, halting: Halting, crew: serving.Workers) -> None:
    bob, answer = house.bob, asked(house)

    async def read(seen: int) -> str:
        told = relay.follow(bob, answer, seen)
        return "".join([data["text"] async for _, name, data in told if name == "segment"])

    async def all_of_them() -> list[str]:
        readers = [asyncio.ensure_future(read(seen)) for seen in (0, 0, 1, 2, 0)]
        while len(doorbell.doorbell().waiting.get(answer.hex, ())) < len(readers):
            assert not any(reader.done() for reader in readers)
            await asyncio.sleep(0)
        halting.go.set()
        return await asyncio.gather(*readers)

    told = asyncio.run(all_of_them())
    assert told == [WHOLE, WHOLE, "".join(SENTENCES[1:]), "".join(SENTENCES[2:]), WHOLE]
    assert len(halting.model.requests) == 1


def test_an_open_line_gives_a_sign_of_life_while_nothing_happens(
    house: House, halting: Halting, site: str, crew: serving.Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "HEARTBEAT_S", 0.02)
    answer = asked(house)
    with serving.browser(site, house, "bob").stream("GET", f"/a/{answer}/stream") as response:
        assert response.headers["cache-control"] == "no-cache, no-transform"
        assert response.headers["x-accel-buffering"] == "no"
        events = serving.events(response.iter_lines())
        until(events, is_segment)
        until(events, lambda event: event.data == ": still here")
        halting.go.set()
        assert [event.name for event in events if event.name][-1] == "done"


def test_nobody_else_may_follow_and_what_they_are_told_is_what_is_told_of_nothing(
    house: House, neighbour: House, halting: Halting, site: str
) -> None:
    answer = asking.ask(house.bob).pk
    for who in (serving.browser(site, house, "charlie"), serving.browser(site, house, "ada")):
        theirs, nothing = who.get(f"/a/{answer}/stream"), who.get(f"/a/{uuid.uuid4()}/stream")
        assert (theirs.status_code, nothing.status_code) == (404, 404)
        assert "There is no such answer." in theirs.text
        assert len(theirs.content) == len(nothing.content)
    assert serving.browser(site, neighbour, "bob").get(f"/a/{answer}/stream").status_code == 404
    assert serving.caller(site).get(f"/a/{answer}/stream").status_code == 302


@pytest.mark.parametrize("through", ["key", "session"])
def test_a_reader_who_is_switched_off_in_mid_answer_hears_no_more(
    house: House, halting: Halting, site: str, crew: serving.Workers, monkeypatch: pytest.MonkeyPatch, through: str
) -> None:
    monkeypatch.setattr(doorbell, "REVIEWED_S", 0.1)
    answer = asked(house)
    reader, admin = house.bob, house.ada
    if through == "key":
        reader = keys.resolve(house.key("bob")) or reader
        assert reader.key

    heard = []

    async def follow() -> None:
        async for _, name, _ in relay.follow(reader, answer, 0):
            heard.append(name)
            if name == "segment":
                await sync_to_async(serving.done_with)(people.switch_off, admin, reader.person)

    with pytest.raises(NotFound):
        asyncio.run(asyncio.wait_for(follow(), 30))
    assert heard.count("segment") == 1
    halting.go.set()


def test_following_a_waiting_answer_starts_nothing(house: House, halting: Halting) -> None:
    bob, answer = house.bob, asking.ask(house.bob).pk

    async def look() -> tuple[int, str, dict[str, Any]]:
        return await anext(relay.follow(bob, answer, 0))

    number, name, state = asyncio.run(look())
    assert (number, name, state["status"]) == (0, "status", "queued")
    assert halting.model.requests == []
    assert asking.seen(house.bob, answer).attempts == 0
