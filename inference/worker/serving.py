"""The model worker's life: verify the file, serve it, start the engine again when it dies, stop when told."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from governance.errors import ChanceryError, InvalidInput, Unavailable
from inference import registry
from inference.registry import Model
from inference.worker.engines.base import Engine, EngineSettings, await_ready
from inference.worker.front import Front
from inference.worker.queue import FairQueue

log = logging.getLogger(__name__)

BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
GLANCE_S = 0.2


@dataclass(frozen=True)
class Order:
    """One core is left to everything else: llama.cpp's threads spin, and beside other busy processes they collapse."""

    host: str
    port: int
    key: str
    threads: int = max(1, (os.cpu_count() or 2) - 1)
    slots: int = 4
    window: int = 4096
    waiting_most: int = 64
    waiting_most_a_share: int = 8


def serve(model: Model, models_dir: Path, engine: Engine, order: Order) -> None:
    """Until SIGTERM or Ctrl-C. Raises Unavailable where the file is missing, InvalidInput where it is another."""
    if not order.key:
        raise InvalidInput("CHANCERY_MODEL_KEY is not set: the worker would answer anybody.")
    path = verified(model, models_dir)
    told = {
        "id": model.name,
        "object": "model",
        "owned_by": engine.name,
        "sha256": registry.digest(path),
        "engine": engine.name,
        "build": engine.build(),
        "context_window": order.window,
        "licence": model.licence,
        "source": registry.provenance(path),
    }
    queue = FairQueue(order.slots, order.waiting_most, order.waiting_most_a_share)
    front = Front(order.key, told, queue)
    settings = EngineSettings(order.threads, order.slots, order.window, model.name)
    asyncio.run(_serve(front, engine, path, settings, order))


def verified(model: Model, models_dir: Path) -> Path:
    path = model.path or models_dir / model.file
    if not path.is_file():
        raise Unavailable(f"{path} is not there. Run `python manage.py model_fetch` first.")
    if model.sha256 and registry.digest(path) != model.sha256:
        raise InvalidInput(f"{path} is not the file that {model.name} is known by: its sha256 differs. Remove it.")
    return path


async def _serve(front: Front, engine: Engine, path: Path, settings: EngineSettings, order: Order) -> None:
    config = uvicorn.Config(
        front.app(), host=order.host, port=order.port, log_level="warning", timeout_graceful_shutdown=3
    )
    server = uvicorn.Server(config)
    keeping = asyncio.create_task(asyncio.to_thread(_keep, front, engine, path, settings, server))
    await server.serve()
    server.should_exit = True
    with contextlib.suppress(ChanceryError):
        await keeping


def _keep(front: Front, engine: Engine, path: Path, settings: EngineSettings, server: uvicorn.Server) -> None:
    """Beside the front, in a thread of its own: an engine that runs, as long as the front does."""
    failures = 0
    while not server.should_exit:
        served = engine.serve(path, settings)
        try:
            await_ready(served, lambda: not server.should_exit)
            front.engine, failures = served.address, 0
            log.info("%s serves %s with %s threads", engine.name, path.name, settings.threads)
            while served.is_alive and not server.should_exit:
                time.sleep(GLANCE_S)
        except Unavailable as fault:
            log.error("%s", fault.message)
        finally:
            front.engine = None
            served.stop()
        if not server.should_exit:
            log.error("the engine ended with %s; it is started again", served.process.returncode)
            time.sleep(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])
            failures += 1
