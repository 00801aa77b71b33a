"""The model worker's life: verify the file, serve it, start the engine again when it dies, stop when told."""

from __future__ import annotations

import asyncio
import logging
import math
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import uvicorn

from governance.errors import InvalidInput, Unavailable
from inference import limits, memory, registry, shapes, sizing
from inference.registry import Model
from inference.worker import warming
from inference.worker.engines.base import CHUNK, PAD, Engine, EngineSettings
from inference.worker.front import Front
from inference.worker.pool import Pool
from inference.worker.queue import FairQueue
from inference.worker.relay import Manner
from inference.worker.resident import Resident

log = logging.getLogger(__name__)

CACHE_MOST_MIB, CACHE_LEAST_MIB = 2048, 64
GB, MIB = 2**30, 2**20


@dataclass(frozen=True)
class Order:
    """How to serve. `cache_mib` 0 takes a quarter of the memory that is left beside the model, at most 2 GB, for prompts
    that have been read.

    `memory_mib` bounds what the models take together; 0 is what is free. `within_s` is the longest that an answer is waited
    for; `drain_s` how long one may go on once the worker is told to stop; `is_warmed` whether what every prompt begins
    with is read beforehand.

    All cores, and threads that sleep while they wait for each other. Tried on two cores with 1.5 billion parameters,
    alone: one thread reads 44 and writes 18 tokens/s, two spinning ones 88 and 27, two sleeping ones 84 and 19. Beside
    busy processes spinning collapses: 0.5 billion parameters wrote 1 to 3 tokens/s so, 15 with two sleeping threads,
    12 with one.
    """

    host: str
    port: int
    key: str
    threads: int = sizing.cores()
    slots: int = 4
    window: int = 4096
    cache_mib: int = 0
    waiting_most: int = 64
    waiting_most_a_share: int = 8
    stamps: bool = False
    memory_mib: int = 0
    within_s: float = 600.0
    drain_s: float = 20.0
    is_warmed: bool = True


def serve(model: Model, models_dir: Path, engine: Engine, order: Order, beside: Sequence[Model] = ()) -> None:
    """Until SIGTERM or Ctrl-C. Raises Unavailable where the file or the engine is missing or the model does not fit into
    memory, InvalidInput where the file is another one, the key is missing or the port is taken.

    `beside` are further models, each loaded when it is first asked for by its name, as far as the memory goes.
    """
    if not order.key:
        raise InvalidInput("CHANCERY_MODEL_KEY is not set: the worker would answer anybody.")
    # As the engine will make it: what lies between the two numbers would be let in there, and read here in no chunks.
    order = replace(order, window=math.ceil(order.window / PAD) * PAD)
    models = _distinct(model, beside)
    manner = Manner(stamps=order.stamps)
    residents = [_resident(one, models, models_dir, engine, order, manner) for one in models]
    try:
        door = socket.create_server((order.host, order.port))
    except OSError as fault:
        raise InvalidInput(f"{order.host}:{order.port} cannot be listened at: {fault.strerror}.") from fault
    # uvicorn raises the signal that stopped it once more at its end; the engine is to be stopped after that.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    limits.lift_open_files()  # each prompt that is kept is one
    with door:
        asyncio.run(_serve(residents, order, manner, door))


def _distinct(model: Model, beside: Sequence[Model]) -> list[Model]:
    """Each once. Raises InvalidInput where two files have one name, by which nobody could tell them apart."""
    known = {model.name: model}
    for one in beside:
        if known.setdefault(one.name, one).path != one.path:
            raise InvalidInput(f"Two models are called {one.name}. Give one of the files another name.")
    return list(known.values())


def _resident(
    model: Model, models: Sequence[Model], models_dir: Path, engine: Engine, order: Order, manner: Manner
) -> Resident:
    """Raises as `serve`, but for a further one of the `models` that does not fit by now: whoever asks for it is told."""
    build, path = engine.build(), verified(model, models_dir)
    slots = min(order.slots, engine.slots_most or order.slots)
    left = 0
    try:
        left = room_left(path, slots, order.window, min(memory.free(), order.memory_mib * MIB or sys.maxsize))
    except Unavailable as fault:
        if model is models[0]:
            raise
        log.warning("%s", fault)
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
    cache_mib = order.cache_mib or max(CACHE_LEAST_MIB, min(CACHE_MOST_MIB, left // MIB // 4) // len(models))
    kept_bytes = cache_mib * MIB if engine.has_open_slots else 0
    front = Front(
        order.key,
        told,
        FairQueue(slots, order.waiting_most, order.waiting_most_a_share),
        manner,
        kept_bytes=kept_bytes,
        within_s=order.within_s,
        warm=warming.pairs() if order.is_warmed else (),
        lane=_lane(order, slots) if engine.has_open_slots else "",
    )
    shelf = front.reader.held.keeping.shelf.path if front.reader else ""
    settings = EngineSettings(order.threads, slots, order.window, model.name, shelf)
    takes = needed(path, slots, order.window) + kept_bytes
    return Resident(front, engine, settings, takes, lambda: _unchanged(model, models_dir, str(told["sha256"])))


def _unchanged(model: Model, models_dir: Path, sha256: str) -> Path:
    """The file that /v1/models tells of, which the record of each answer names. Raises Unavailable."""
    try:
        path = verified(model, models_dir)
    except InvalidInput as fault:  # of whoever asks for the model, nothing was wrong
        raise Unavailable(fault.message) from fault
    if registry.digest(path) != sha256:
        raise Unavailable(f"{path.name} has changed since the model worker started. Start the worker again.")
    return path


def _lane(order: Order, slots: int) -> str:
    """What the last bits of a number depend on, beside the model's file and the engine's build."""
    batch, instructions = CHUNK + slots, sizing.machine().instructions
    return f"{order.threads} threads, batch {batch}, window {order.window}, {instructions}"


def verified(model: Model, models_dir: Path) -> Path:
    path = model.path or models_dir / model.file
    if not path.is_file():
        raise Unavailable(f"{path} is not there. Run `python manage.py model_fetch` first.")
    if model.sha256 and registry.digest(path) != model.sha256:
        raise InvalidInput(f"{path} is not the file that {model.name} is known by: its sha256 differs. Remove it.")
    return path


class Draining(uvicorn.Server):
    """Told to stop, it takes nothing new, and what is under way may end."""

    manner: Manner

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.manner.stopping.set()
        super().handle_exit(sig, frame)


def room_left(path: Path, slots: int, window: int, free: int) -> int:
    """Bytes of `free` beside the model. Raises Unavailable where it does not fit: the machine would swap, or kill it."""
    needs = needed(path, slots, window)
    if needs > free:
        raise Unavailable(
            f"{path.name} does not fit: with {slots} slots of {window} tokens it takes {needs / GB:.1f} GB of memory, and "
            f"{free / GB:.1f} GB are free. `python manage.py size` says what fits; fewer CHANCERY_MODEL_SLOTS or a smaller "
            "CHANCERY_MODEL_WINDOW take less."
        )
    return free - needs


def needed(path: Path, slots: int, window: int) -> int:
    """Bytes; 0 of another format, of an engine that may know it."""
    try:
        return shapes.read(path).needs(window, slots)
    except InvalidInput:
        return 0


async def _serve(residents: Sequence[Resident], order: Order, manner: Manner, door: socket.socket) -> None:
    """One model alone is served by its own front; before several stands the pool."""
    pool = Pool(order.key, residents, order.memory_mib * MIB) if len(residents) > 1 else None
    first = residents[0]
    app = pool.app() if pool else first.front.app()
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=math.ceil(order.drain_s))
    server = Draining(config)
    server.manner = manner
    first.begin(first.find())
    try:
        await server.serve(sockets=[door])
    finally:
        await (pool.end() if pool else first.stop())
