"""The model worker's life: verify the file, serve it, start the engine again when it dies, stop when told."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from governance.errors import InvalidInput, Unavailable
from inference import memory, registry
from inference.registry import Model
from inference.worker.engines.base import Engine, EngineSettings, await_ready
from inference.worker.front import Front
from inference.worker.queue import FairQueue

log = logging.getLogger(__name__)

CACHE_MOST_MIB = 2048
BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
SETTLED_S = 60.0  # an engine that ran so long is started again as if it had never failed
GLANCE_S = 0.2


def _cores() -> int:
    """Those that this process may use, which in a container are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Order:
    """How to serve. `cache_mib` 0 takes a quarter of the free memory, at most 2 GB, for prompts that have been read.

    All cores, and threads that sleep while they wait for each other. Tried on two cores with 1.5 billion parameters,
    alone: one thread reads 44 and writes 18 tokens/s, two spinning ones 88 and 27, two sleeping ones 84 and 19. Beside
    busy processes spinning collapses: 0.5 billion parameters wrote 1 to 3 tokens/s so, 15 with two sleeping threads,
    12 with one.
    """

    host: str
    port: int
    key: str
    threads: int = _cores()
    slots: int = 4
    window: int = 4096
    cache_mib: int = 0
    waiting_most: int = 64
    waiting_most_a_share: int = 8
    stamps: bool = False


def serve(model: Model, models_dir: Path, engine: Engine, order: Order) -> None:
    """Until SIGTERM or Ctrl-C. Raises Unavailable where the file or the engine is missing, InvalidInput where the file is
    another one, the key is missing or the port is taken."""
    if not order.key:
        raise InvalidInput("CHANCERY_MODEL_KEY is not set: the worker would answer anybody.")
    build, path = engine.build(), verified(model, models_dir)
    slots = min(order.slots, engine.slots_most or order.slots)
    told = {
        "id": model.name,
        "object": "model",
        "owned_by": engine.name,
        "sha256": registry.digest(path),
        "engine": engine.name,
        "build": build,
        "context_window": order.window,
        "licence": model.licence,
        "source": registry.provenance(path),
    }
    queue = FairQueue(slots, order.waiting_most, order.waiting_most_a_share)
    front = Front(order.key, told, queue, stamps=order.stamps)
    cache_mib = order.cache_mib or min(CACHE_MOST_MIB, memory.free() // 2**20 // 4)
    settings = EngineSettings(order.threads, slots, order.window, cache_mib, model.name)
    try:
        door = socket.create_server((order.host, order.port))
    except OSError as fault:
        raise InvalidInput(f"{order.host}:{order.port} cannot be listened at: {fault.strerror}.") from fault
    # uvicorn raises the signal that stopped it once more at its end; the engine is to be stopped after that.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    with door:
        asyncio.run(_serve(front, engine, path, settings, door))


def verified(model: Model, models_dir: Path) -> Path:
    path = model.path or models_dir / model.file
    if not path.is_file():
        raise Unavailable(f"{path} is not there. Run `python manage.py model_fetch` first.")
    if model.sha256 and registry.digest(path) != model.sha256:
        raise InvalidInput(f"{path} is not the file that {model.name} is known by: its sha256 differs. Remove it.")
    return path


async def _serve(front: Front, engine: Engine, path: Path, settings: EngineSettings, door: socket.socket) -> None:
    server = uvicorn.Server(uvicorn.Config(front.app(), log_level="warning", timeout_graceful_shutdown=3))
    keeping = asyncio.create_task(asyncio.to_thread(_keep, front, engine, path, settings, server))
    try:
        await server.serve(sockets=[door])
    finally:
        server.should_exit = True
        await keeping


def _keep(front: Front, engine: Engine, path: Path, settings: EngineSettings, server: uvicorn.Server) -> None:
    """Beside the front, in a thread of its own: an engine that runs, as long as the front does."""
    failures = 0
    while not server.should_exit:
        began = time.monotonic()
        try:
            _live(front, engine, path, settings, server)
        except (Unavailable, OSError) as fault:
            log.error("%s", fault)
        if not server.should_exit:
            failures = 0 if time.monotonic() - began > SETTLED_S else failures + 1
            wait_s = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
            log.error("the engine ended; it is started again in %s s", wait_s)
            time.sleep(wait_s)


def _live(front: Front, engine: Engine, path: Path, settings: EngineSettings, server: uvicorn.Server) -> None:
    served = engine.serve(path, settings)
    try:
        await_ready(served, lambda: not server.should_exit)
        front.engine = served.address
        log.info("%s serves %s: %s", engine.name, path.name, settings)
        while served.is_alive and not server.should_exit:
            time.sleep(GLANCE_S)
    finally:
        front.engine = None
        served.stop()
