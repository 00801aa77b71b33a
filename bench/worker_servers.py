"""The servers that `bench.worker_load` asks in turn: our worker, llama-server with its own slots, `llama_cpp.server`.

The same file, the same threads, which sleep while they wait for each other, the same window a slot. Nothing else of the
others is changed from what they come with, but that a second request does not cut off the first in `llama_cpp.server`.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]

from assistant.local import ports
from bench import stack
from inference import registry
from inference.worker import look

OURS, LLAMA_SERVER, LLAMA_CPP_PYTHON = "ours", "llama-server", "llama_cpp.server"
ORDER = "CHANCERY_BENCH_PEER"  # the child is told by its environment
WAITING = {"OMP_WAIT_POLICY": "passive"}


@dataclass(frozen=True)
class Sizes:
    threads: int
    slots: int
    window: int


@dataclass(frozen=True)
class Answered:
    """Seconds from the asking on; `times` are those of the tokens that were seen. `cached` as the server tells it, and
    `reading` the seconds that its engine says it read for, where it says so."""

    times: list[float]
    end: float
    prompt: int
    written: int
    cached: int
    reading: float | None = None

    @property
    def first(self) -> float:
        return self.times[0]


@dataclass(frozen=True)
class Server:
    name: str
    url: str
    key: str
    pid: int

    def processor_s(self) -> float:
        """Seconds of all its processes: what a figure by the clock hides while others are at work."""
        first = psutil.Process(self.pid)
        return sum(sum(one.cpu_times()[:2]) for one in (first, *first.children(recursive=True)))

    def client(self) -> httpx.AsyncClient:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=3600.0, trust_env=False, limits=limits)

    async def ask(
        self, client: httpx.AsyncClient, prompt: str, most: int, share: str = "", cache: str = "", beginning: str = ""
    ) -> Answered:
        """`beginning` stands in the system's message."""
        messages = [{"role": "system", "content": beginning}] if beginning else []
        body = {
            "messages": [*messages, {"role": "user", "content": prompt}],
            "max_tokens": most,
            "temperature": 0,
            "seed": 1,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        headers = {"X-Chancery-Share": share, "X-Chancery-Cache": cache} if self.name == OURS else {}
        began, times = time.monotonic(), list[float]()
        usage: dict[str, Any] = {}
        timings: dict[str, Any] = {}
        async with client.stream("POST", "/v1/chat/completions", json=body, headers=headers) as answer:
            if not answer.is_success:
                raise SystemExit(f"{self.name}: {answer.status_code} {await answer.aread()!r}")
            async for line in answer.aiter_lines():
                if not line.startswith("data: {"):
                    continue
                told = json.loads(line.removeprefix("data: "))
                usage = told.get("usage") or usage
                timings = told.get("timings") or timings
                if any((choice.get("delta") or {}).get("content") for choice in told.get("choices", ())):
                    times.append(time.monotonic() - began)
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
        written = usage.get("completion_tokens") or len(times)
        reading = timings["prompt_ms"] / 1000 if "prompt_ms" in timings else None
        return Answered(times, time.monotonic() - began, usage.get("prompt_tokens", 0), written, cached, reading)


@contextmanager
def ours(model: str, home: Path, sizes: Sizes) -> Iterator[Server]:
    port, key = ports.choose(home, "bench-ours"), secrets.token_hex(16)
    told = os.environ | {
        "CHANCERY_MODEL_KEY": key,
        "CHANCERY_HOME": str(home),
        "CHANCERY_MODEL_THREADS": str(sizes.threads),
        "CHANCERY_MODEL_SLOTS": str(sizes.slots),
        "CHANCERY_MODEL_WINDOW": str(sizes.window),
    }
    argv = ["model_worker", f"--port={port}", f"--model={model}"]
    with stack.process(argv, told, home / "ours.log") as process:
        server = Server(OURS, f"http://{stack.HOST}:{port}", key, process.pid)
        stack.await_that(lambda: stack.is_served(server.url) and _is_warm(server), process)
        yield server


@contextmanager
def peer(name: str, python: str, model: Path, home: Path, sizes: Sizes) -> Iterator[Server]:
    port, key = ports.choose(home, f"bench-{name}"), secrets.token_hex(16)
    order = {"model": str(model), "port": port, "key": key} | vars(sizes)
    if name == LLAMA_SERVER:
        argv = [sys.executable, "-m", "bench.worker_servers"]
    else:
        argv = [python, "-m", "llama_cpp.server", "--model", str(model), "--host", stack.HOST, "--port", str(port)]
        argv += ["--n_ctx", str(sizes.window), "--n_threads", str(sizes.threads)]
        argv += ["--n_threads_batch", str(sizes.threads), "--interrupt_requests", "False", "--api_key", key]
        argv += ["--verbose", "False"]
    with (home / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            argv, cwd=stack.ROOT, env=os.environ | WAITING | {ORDER: json.dumps(order)}, stdout=log, stderr=log
        )
    try:
        server = Server(name, f"http://{stack.HOST}:{port}", key, process.pid)
        stack.await_that(lambda: asyncio.run(_answers(server)), process)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def _is_warm(server: Server) -> bool:
    """What every prompt begins with has been read: nothing of it falls into the first measurement."""
    state = look.look(f"{server.url}/v1", server.key)
    return state.is_ready and not state.warming


async def _answers(server: Server) -> bool:
    async with server.client() as client:
        try:
            return (await client.get("/v1/models")).is_success
        except httpx.HTTPError:
            return False


def is_installed(python: str) -> bool:
    told = "import importlib.util as u, sys; sys.exit(not (u.find_spec('llama_cpp') and u.find_spec('sse_starlette')))"
    return not subprocess.run([python, "-c", told], check=False, capture_output=True).returncode


def file_of(model: str) -> Path:
    known = registry.resolve(model)
    return known.path or Path(os.environ["CHANCERY_MODELS"]) / known.file


def serve_peer() -> None:
    """llama-server as it comes, in this process."""
    import xllamacpp

    order = json.loads(os.environ.pop(ORDER))
    params = xllamacpp.CommonParams()
    params.model.path = order["model"]
    params.hostnames, params.port, params.api_keys = [stack.HOST], order["port"], [order["key"]]
    params.n_parallel, params.n_ctx = order["slots"], order["window"] * order["slots"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = order["threads"]
    params.n_gpu_layers, params.ui, params.verbosity = 0, False, 2
    server = xllamacpp.Server(params)
    threading.Event().wait()
    del server


if __name__ == "__main__":
    serve_peer()
