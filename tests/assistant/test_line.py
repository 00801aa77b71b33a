"""More questions in one moment than can be taken up: the others are told so before anything is done for them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from assistant import conversations, line
from governance.audit.vocabulary import Event
from governance.errors import Busy
from tests.assistant import asking, serving
from tests.assistant.serving import PATIENCE_S
from tests.cast import House
from tests.governance.database import leaves

ONE, OTHER = "Bearer one", "Bearer other"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two credentials of two tenants."""
    monkeypatch.setattr(line, "share", lambda sent: {ONE: "north/ada", OTHER: "south/bob"}[sent])
    monkeypatch.setattr(line, "record", lambda *_: None)


async def enter(found: line.Line, sent: str, told: list[str], go: asyncio.Event) -> None:
    async with found.turn(sent, "api"):
        told.append(sent)
        await go.wait()


def test_tenants_take_turns_and_a_full_line_has_room_for_whoever_has_less_than_their_part(
    known: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "AT_ONCE", 2)
    monkeypatch.setattr(line, "COST_S", 0.25)  # so four wait, for a second

    async def crowd() -> list[str]:
        found, told, go = line.Line(), list[str](), asyncio.Event()
        inside = [asyncio.ensure_future(enter(found, ONE, told, go)) for _ in range(6)]
        await asyncio.sleep(0)
        with pytest.raises(Busy) as refused:
            await enter(found, ONE, told, go)
        assert refused.value.position == 5
        assert refused.value.wait_s >= 1
        inside += [asyncio.ensure_future(enter(found, OTHER, told, go)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await enter(found, OTHER, told, go)
        assert told == [ONE, ONE]
        go.set()
        await asyncio.gather(*inside)
        assert (found.queue.running, found.queue.depth) == (0, 0)
        return told

    told = asyncio.run(crowd())
    assert told[2:6].count(OTHER) == 2  # the two who came last did not wait for the six before them
    assert len(told) == 8


@pytest.mark.parametrize(("beside", "cost_s"), [(1, 60.0), (6, 10.0)])
def test_what_a_question_costs_is_its_part_of_the_time_that_several_took(
    known: None, beside: int, cost_s: float
) -> None:
    async def measured() -> float:
        found = line.Line(cost_s=1.0)
        places = [found._enter(ONE, "api") for _ in range(beside)]
        places[0].began -= 60
        found._leave(places[0])
        return (found.cost_s - 0.8) / 0.2

    assert cost_s <= asyncio.run(measured()) < cost_s + 5


def test_a_question_that_was_taken_up_keeps_nobody_waiting_and_gives_its_place_back_once(
    known: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "AT_ONCE", 1)

    async def two() -> list[int]:
        found, running = line.Line(), []
        async with found.turn(ONE, "api"):
            running.append(found.queue.running)
            await asyncio.to_thread(line.taken_up)
            await asyncio.to_thread(line.taken_up)
            await asyncio.sleep(0)
            running.append(found.queue.running)
            async with found.turn(OTHER, "api"):
                running.append(found.queue.running)
        await asyncio.sleep(0)
        return [*running, found.queue.running]

    assert asyncio.run(two()) == [1, 0, 1, 0]
    line.taken_up()  # outside of any line nothing happens


def test_who_is_refused_at_the_line_has_a_place_and_a_time_and_it_is_recorded(
    house: House, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking.shelf(house, asking.RULE)
    asking.speak(settings, lambda _: asking.RULE)
    monkeypatch.setattr(line, "AT_ONCE", 1)
    monkeypatch.setattr(line, "WAIT_MOST_S", 0.0)  # one waits
    from assistant.asgi import application

    go, begun, ask = threading.Event(), threading.Semaphore(0), conversations.ask

    def held(*args: Any, **options: Any) -> Any:
        begun.release()
        assert go.wait(PATIENCE_S)
        return ask(*args, **options)

    monkeypatch.setattr(conversations, "ask", held)

    def post(site: str, path: str, key: str, **body: Any) -> httpx.Response:
        return serving.caller(site, key).post(path, json=body)

    with serving.web() as site, serving.workers(), ThreadPoolExecutor(2) as pool:
        key = house.key("bob")
        assert serving.caller(site, key).get("/api/v1/collections").status_code == 200
        asked = [pool.submit(post, site, "/api/v1/answers", key, question=asking.QUESTION) for _ in range(2)]
        assert begun.acquire(timeout=PATIENCE_S)
        until(lambda: any(one.queue.depth for one in application.lines.values()))
        refused = post(site, "/api/v1/answers", key, question=asking.QUESTION)
        messages = [{"role": "user", "content": asking.QUESTION}]
        by_openai = post(site, "/v1/chat/completions", key, model="chancery", messages=messages)
        page = serving.browser(site, house, "bob").post("/c/ask", data={"question": asking.QUESTION})
        nobody = post(site, "/api/v1/answers", "chy_nobody", question=asking.QUESTION)
        go.set()
        assert [one.result(PATIENCE_S).json()["status"] for one in asked] == ["answered", "answered"]
        until(lambda: len(leaves(house, Event.PROMPT_REFUSED)) >= 3)
        until(lambda: not any(one.refused for one in application.lines.values()))
    for response in (refused, by_openai, page, nobody):
        assert response.status_code == 429
        assert int(response.headers["Retry-After"]) >= 1
        assert response.headers["X-Request-ID"]
    assert refused.json()["error"]["position"] == 2
    assert nobody.json()["error"]["position"] == 1  # of those that nobody knows, whose turn comes as any tenant's does
    assert by_openai.json()["error"]["chancery"]["position"] == 2
    assert "data-fault" in page.text
    told = leaves(house, Event.PROMPT_REFUSED)  # nobody's is on nobody's record
    assert sorted(leaf["facts"]["client"] for leaf in told) == ["api", "openai", "portal"]
    assert {leaf["facts"]["code"] for leaf in told} == {"busy"}


def until(holds: Callable[[], bool]) -> None:
    most = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < most
        time.sleep(0.02)
