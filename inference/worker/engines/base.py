"""The engine port: a model file in, an OpenAI-compatible address on loopback out."""

from __future__ import annotations

import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from governance.errors import Unavailable

LOAD_MOST_S = 300.0


@dataclass(frozen=True)
class EngineSettings:
    """`window` is tokens a slot; `threads` of reading and writing alike; `cache_mib` bounds kept prompts."""

    threads: int
    slots: int
    window: int
    cache_mib: int
    alias: str


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

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()


class Engine(ABC):
    """`slots_most` is how many answers it can write at once, where it has a bound: the worker's queue keeps to it."""

    name = ""
    slots_most: int | None = None

    @abstractmethod
    def serve(self, model_file: Path, settings: EngineSettings) -> Served:
        """Start serving and return at once; `await_ready` says when it can be asked."""

    @abstractmethod
    def build(self) -> str:
        """What the record calls this build. Raises Unavailable where the engine is not installed."""


def await_ready(served: Served, goes_on: Callable[[], bool] = lambda: True) -> None:
    """Until the model is loaded. Raises Unavailable where the process died or took longer than five minutes."""
    until = time.monotonic() + LOAD_MOST_S
    while served.is_alive and time.monotonic() < until and goes_on():
        try:
            if httpx.get(f"{served.address.url}/health", timeout=2, trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise Unavailable(f"The engine did not come up (exit code {served.process.poll()}); its log says why.")
