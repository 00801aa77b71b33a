"""The model worker as its own process, with a model of random weights."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]

from inference import registry
from inference.runners.base import ChatRequest
from inference.runners.openai_compatible import OpenAICompatible
from inference.worker import engines, serving
from inference.worker.engines.child import ORDER

KEY = "a-key-of-tests"
ROOT = Path(__file__).resolve().parents[2]
# Every client reads the authorities' certificates as it is made, which takes 25 ms: none is asked for here.
PLAIN: Any = {"trust_env": False, "verify": False}
LONGEST_WAIT_S = 60  # for something that always comes; a test that reaches it has failed


@dataclass
class Worker:
    process: subprocess.Popen[bytes]
    url: str

    def client(self, key: str = KEY) -> httpx.Client:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=LONGEST_WAIT_S, **PLAIN)

    def runner(self, model: str = "default") -> OpenAICompatible:
        return OpenAICompatible(f"{self.url}/v1", KEY, model)

    def engine(self) -> psutil.Process | None:
        return next(iter(psutil.Process(self.process.pid).children()), None)

    def is_ready(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/health", **PLAIN).is_success
        return False

    def engines(self) -> list[str]:
        """The names of the models that are in memory."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.Error, KeyError):
                found.append(str(json.loads(child.environ()[ORDER])["alias"]))
        return sorted(found)

    def metric(self, name: str) -> float:
        with self.client() as client:
            lines = client.get("/metrics").text.splitlines()
        return next((float(line.split()[-1]) for line in lines if line.startswith(f"{name} ")), 0.0)


def wait_until(holds: Callable[[], object]) -> None:
    until = time.monotonic() + LONGEST_WAIT_S
    while not holds():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.02)


class Held:
    """The engine stopped in its tracks: whatever was asked stays under way until it is released."""

    is_gone = False  # whether worker and engine have ended meanwhile

    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    def __enter__(self) -> Held:
        engine = self.worker.engine()
        assert engine is not None
        self.engine = engine
        engine.suspend()
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_gone:
            return
        self.engine.resume()
        wait_until(lambda: self.worker.metric("chancery_model_running") == 0)


def in_background(worker: Worker, request: ChatRequest, ended: list[str]) -> threading.Thread:
    """The answer read to its end; `ended` gets its share."""

    def ask() -> None:
        list(worker.runner().stream(request))
        ended.append(request.share)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


@contextlib.contextmanager
def running(model: Path, engine: str = "xllamacpp", beside: Sequence[Path] = (), **sizes: int) -> Iterator[Worker]:
    options = [f"--engine={engine}", *(f"--{name}={value}" for name, value in sizes.items())]
    options += [f"--beside={one}" for one in beside]
    with _started(["-m", __name__, str(model), *options], {}) as worker:
        yield worker


@contextlib.contextmanager
def commanded(model: Path) -> Iterator[Worker]:
    """As an operator starts it."""
    env = {"CHANCERY_MODEL_KEY": KEY, "CHANCERY_MODEL_THREADS": "1", "CHANCERY_MODEL_SLOTS": "1"}
    with _started(["manage.py", "model_worker", f"--model={model}"], env) as worker:
        yield worker


@contextlib.contextmanager
def _started(arguments: list[str], env: dict[str, str]) -> Iterator[Worker]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, *arguments, f"--port={port}"], cwd=ROOT, env=os.environ | env)
    worker = Worker(process, f"http://127.0.0.1:{port}")
    try:
        wait_until(lambda: worker.is_ready() or process.poll() is not None)
        yield worker
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
        process.wait(LONGEST_WAIT_S)


def serve() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--engine")
    parser.add_argument("--port", type=int)
    parser.add_argument("--beside", action="append", default=[])
    sizes = {"memory_mib": 0, "window": 2048, "slots": 1, "waiting_most": 8, "waiting_most_a_share": 8, "is_warmed": 0}
    for name, default in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    told = vars(parser.parse_args())
    model, engine = registry.resolve(told.pop("model")), engines.chosen(told.pop("engine"))
    beside = registry.beside(told.pop("beside"))
    is_warmed = bool(told.pop("is_warmed"))  # which would stand in the one slot that a test watches
    order = serving.Order("127.0.0.1", told.pop("port"), KEY, threads=1, cache_mib=8, is_warmed=is_warmed, **told)
    serving.serve(model, Path(), engine, order, beside)


if __name__ == "__main__":
    serve()
