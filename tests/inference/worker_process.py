"""The model worker as its own process, with a model of random weights."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]

from inference import registry
from inference.runners.base import ChatRequest
from inference.runners.openai_compatible import OpenAICompatible
from inference.worker import engines, serving

KEY = "a-key-of-tests"
ROOT = Path(__file__).resolve().parents[2]
LONGEST_WAIT_S = 60  # for something that always comes; a test that reaches it has failed


@dataclass
class Worker:
    process: subprocess.Popen[bytes]
    url: str

    def client(self, key: str = KEY) -> httpx.Client:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=LONGEST_WAIT_S, trust_env=False)

    def runner(self) -> OpenAICompatible:
        return OpenAICompatible(f"{self.url}/v1", KEY)

    def engine(self) -> psutil.Process | None:
        return next(iter(psutil.Process(self.process.pid).children()), None)

    def is_ready(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}/health", trust_env=False).is_success
        return False

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

    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    def __enter__(self) -> Held:
        engine = self.worker.engine()
        assert engine is not None
        self.engine = engine
        engine.suspend()
        return self

    def __exit__(self, *_: object) -> None:
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
def running(model: Path, engine: str = "xllamacpp", **sizes: int) -> Iterator[Worker]:
    options = [f"--engine={engine}", *(f"--{name}={value}" for name, value in sizes.items())]
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
    for name, default in {"window": 2048, "slots": 1, "waiting_most": 8, "waiting_most_a_share": 8}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    sizes = vars(parser.parse_args())
    model, engine = registry.resolve(sizes.pop("model")), engines.chosen(sizes.pop("engine"))
    order = serving.Order("127.0.0.1", sizes.pop("port"), KEY, threads=1, cache_mib=8, **sizes)
    serving.serve(model, Path(), engine, order)


if __name__ == "__main__":
    serve()
