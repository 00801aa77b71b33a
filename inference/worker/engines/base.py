"""The engine port: a model file in, an OpenAI-compatible address on loopback out."""

from __future__ import annotations

import contextlib
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from governance.errors import Unavailable

LOAD_MOST_S = 300.0
CHUNK = 288  # tokens of a prompt that are read in one step, beside one of each answer that is being written
PAD = 256  # tokens: llama.cpp makes the window of a slot a multiple of it


@dataclass(frozen=True)
class EngineSettings:
    """`window` is tokens a slot; `threads` of reading and writing alike; `shelf` is where slots are saved to, with an
    engine whose slots are open."""

    threads: int
    slots: int
    window: int
    alias: str
    shelf: str = ""


@dataclass(frozen=True)
class Address:
    url: str  # without /v1
    key: str


@dataclass
class Served:
    """A running engine: `process` is ours to watch and to stop. Its stdin is a pipe that ends with us."""

    address: Address
    process: subprocess.Popen[bytes]

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def stop(self, within_s: float = 5.0) -> None:
        """Killed, where it takes longer than that to end."""
        self.process.terminate()
        try:
            self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()


class Engine(ABC):
    """`slots_most` is how many answers it can write at once, where it has a bound: the worker's queue keeps to it.

    `has_open_slots` says that the worker may tell it what each slot reads, and keep what was read (`worker/slots.py`).
    Any other engine keeps what it likes, but for one and the same `X-Chancery-Cache` alone.
    """

    name = ""
    slots_most: int | None = None
    has_open_slots = False

    @abstractmethod
    def serve(self, model_file: Path, settings: EngineSettings) -> Served:
        """Start serving and return at once; `await_ready` says when it can be asked."""

    @abstractmethod
    def build(self) -> str:
        """What the record calls this build. Raises Unavailable where the engine is not installed."""

    def features(self) -> str:
        """Which of the processor's features this build uses, in its own words; empty where it does not tell."""
        return ""


def await_ready(served: Served, goes_on: Callable[[], bool] = lambda: True, every_s: float = 0.1) -> None:
    """Until the model is loaded. Raises Unavailable where the process died or took longer than five minutes."""
    until = time.monotonic() + LOAD_MOST_S
    with httpx.Client(timeout=2, trust_env=False) as client:
        while served.is_alive and time.monotonic() < until and goes_on():
            with contextlib.suppress(httpx.HTTPError):
                if client.get(f"{served.address.url}/health").is_success:
                    return
            time.sleep(every_s)
    raise Unavailable(f"The engine did not come up (exit code {served.process.poll()}); its log says why.")
