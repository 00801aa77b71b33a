"""What a model worker tells whoever runs the installation."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from inference.worker import look, warming
from inference.worker.engines.base import Address
from inference.worker.front import Front
from inference.worker.queue import FairQueue
from tests.inference.model_server import ModelServer

KEY = "a-key"
TOLD = {
    "id": "tiny",
    "sha256": "ab" * 32,
    "engine": "xllamacpp",
    "build": "1",
    "licence": "Apache-2.0",
    "source": "somewhere",
    "context_window": 4096,
}


@pytest.fixture
def front() -> Iterator[tuple[Front, str]]:
    made = Front(KEY, TOLD, FairQueue(3, 10, 5))
    door = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(made.app(), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield made, f"http://127.0.0.1:{door.getsockname()[1]}/v1"
    server.should_exit = True
    thread.join(10)
    door.close()


def test_it_tells_its_model_and_how_busy_it_is(front: tuple[Front, str]) -> None:
    worker, url = front
    assert look.look(url, KEY) == look.WorkerState(is_ready=False)  # the engine still loads
    worker.engine = Address("http://127.0.0.1:9", "unused")
    worker.queue.enter("a tenant")
    worker.asked.labels("answered").inc()
    seen = look.look(url, KEY)
    assert (seen.is_ready, seen.model, seen.licence, seen.sha256) == (True, "tiny", "Apache-2.0", "ab" * 32)
    assert (seen.running, seen.waiting, seen.slots, seen.asked) == (1, 0, 3, {"answered": 1})
    assert seen.warming == 0


def test_with_a_wrong_key_it_is_not_ready(front: tuple[Front, str]) -> None:
    worker, url = front
    worker.engine = Address("http://127.0.0.1:9", "unused")
    assert look.look(url, "another") == look.WorkerState(is_ready=False)


def test_it_is_warming_until_every_beginning_was_read_or_refused() -> None:
    """A template may take no system's message, however often it is asked."""
    with ModelServer() as engine:
        worker = Front(KEY, TOLD, FairQueue(1, 10, 5), kept_bytes=1, warm=warming.pairs())
        worker.engine = Address(engine.base_url.removesuffix("/v1"), "unused")
        told = [worker.registry.get_sample_value("chancery_model_warming")]

        async def live() -> None:
            async with worker.life(worker.app()):
                while worker.registry.get_sample_value("chancery_model_warming"):
                    await asyncio.sleep(0.02)
                await asyncio.sleep(0.5)

        asyncio.run(asyncio.wait_for(live(), 30))
    assert told == [1]
    assert [asked.path for asked in engine.asked] == ["/apply-template"] * len(warming.pairs())
