"""An engine that lives and makes no step: it is started again. One that is slow is left alone."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from inference.worker import front
from inference.worker.engines.base import Address, Engine, EngineSettings, Served
from inference.worker.front import Front
from inference.worker.keeper import Keeper
from inference.worker.queue import FairQueue
from tests.inference.model_server import ModelServer
from tests.inference.worker_process import wait_until

ENGINE = Address("http://e", "k")


def _is_taken_for_stuck(step_s: float, monkeypatch: pytest.MonkeyPatch, *, is_asked: bool = True) -> bool:
    """Of an engine whose steps take so long, while a request is under way or none."""
    monkeypatch.setattr(front, "AGAIN_S", 0.01)
    monkeypatch.setattr(front, "STUCK_S", 0.2)
    monkeypatch.setattr(front, "ONCE_MORE_S", 0.1)
    asked: list[str] = []

    async def slots(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        within_s = request.extensions["timeout"]["read"]
        await asyncio.sleep(min(step_s, within_s))
        if step_s > within_s:
            raise httpx.ReadTimeout("", request=request)
        return httpx.Response(200, json=[])

    async def meet() -> bool:
        watched = Front("key", {"id": "m"}, FairQueue(1, 1, 1), kept_bytes=1 << 20, engine=ENGINE)
        await watched.client.aclose()
        watched.client = httpx.AsyncClient(transport=httpx.MockTransport(slots))
        if is_asked:
            watched.queue.enter("a/b")
        async with watched.life(watched.app()):
            await asyncio.sleep(0.6)
        await watched.client.aclose()
        assert bool(asked) == is_asked
        return watched.stuck is ENGINE

    return asyncio.run(meet())


def test_an_engine_that_makes_no_step_while_it_is_asked_is_taken_for_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _is_taken_for_stuck(5.0, monkeypatch)


@pytest.mark.parametrize("step_s", [0.0, 0.15])
def test_one_that_is_slow_is_not(step_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not _is_taken_for_stuck(step_s, monkeypatch)


def test_nor_is_one_that_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not _is_taken_for_stuck(5.0, monkeypatch, is_asked=False)


class Sleeping(Engine):
    """A process that does nothing, before a server that says that it is well."""

    name = "sleeping"

    def __init__(self, url: str) -> None:
        self.url, self.started = url, list[Served]()

    def serve(self, model_file: Path, settings: EngineSettings) -> Served:
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdin=subprocess.PIPE)
        self.started.append(Served(Address(self.url, str(len(self.started))), process))
        return self.started[-1]

    def build(self) -> str:
        return "1"


def test_a_stuck_engine_is_ended_and_another_one_started() -> None:
    with ModelServer() as server:
        server.replies["/health"] = lambda speaker: speaker.say_json({})
        engine = Sleeping(server.base_url.removesuffix("/v1"))
        kept = Front("key", {"id": "m"}, FairQueue(1, 1, 1))
        keeper = Keeper(kept, engine, Path("m.gguf"), EngineSettings(1, 1, 256, "m"))
        try:
            wait_until(lambda: kept.engine is not None)
            kept.stuck = kept.engine
            wait_until(lambda: len(engine.started) == 2 and kept.engine is engine.started[1].address)
            assert [one.is_alive for one in engine.started] == [False, True]
        finally:
            asyncio.run(keeper.stop())
