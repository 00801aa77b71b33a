"""llama.cpp's server inside a child process: continuous batching, slots, prompt cache. The default engine."""

from __future__ import annotations

import ctypes
import importlib.metadata
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from inference.worker.engines.base import Address, Engine, EngineSettings, Served

ORDER = "CHANCERY_ENGINE_ORDER"  # the child is told by its environment: a key in argv would show in ps
ROOT = Path(__file__).resolve().parents[3]
WAITING = {"OMP_WAIT_POLICY": "passive"}  # see serving.Order
DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
WARNINGS = 2  # of llama.cpp's log; above it writes several lines a request


class Xllamacpp(Engine):
    name = "xllamacpp"

    def serve(self, model_file: Path, settings: EngineSettings) -> Served:
        port, key = _free_port(), secrets.token_hex(24)
        order = {"model": str(model_file), "port": port, "key": key} | vars(settings)
        process = subprocess.Popen(
            [sys.executable, "-m", "inference.worker.engines.xllamacpp"],
            env=WAITING | os.environ | {ORDER: json.dumps(order), "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
        )
        return Served(Address(f"http://127.0.0.1:{port}", key), process)

    def build(self) -> str:
        return importlib.metadata.version("xllamacpp")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run() -> None:
    """The child: serve until told to stop, and never outlive the worker."""
    if sys.platform == "linux":  # the thread below cannot run while a model is loaded, for seconds
        ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)
    threading.Thread(target=_end_with_the_worker, daemon=True).start()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the worker decides
    import xllamacpp  # here alone: the worker itself carries no native engine

    order = json.loads(os.environ.pop(ORDER))
    server = xllamacpp.Server(_adjusted(xllamacpp.CommonParams(), order))
    threading.Event().wait()  # it serves in threads of its own, as long as it is referenced
    del server


def _end_with_the_worker() -> None:
    """The worker holds the other end of the pipe, and however it dies, the pipe ends."""
    sys.stdin.buffer.read()
    os._exit(0)


def _adjusted(params: Any, order: dict[str, Any]) -> Any:
    params.model.path = order["model"]
    params.model_alias = {order["alias"]}
    params.hostnames, params.port = ["127.0.0.1"], order["port"]
    params.api_keys = [order["key"]]
    # Windows of their own: in a shared one, long chats that meet end each other in the middle.
    params.n_parallel, params.kv_unified = order["slots"], False
    params.n_ctx = order["window"] * order["slots"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = order["threads"]
    # A cancelled request is noticed between two batches only, and others wait as long: with the default of 2048 tokens
    # that is many seconds on a small machine.
    params.n_batch = params.n_ubatch = 256
    params.cache_ram_mib = order["cache_mib"]
    params.endpoint_metrics = params.endpoint_slots = True
    params.n_gpu_layers = 0
    params.verbosity = WARNINGS
    params.ui = False
    return params


if __name__ == "__main__":
    run()
