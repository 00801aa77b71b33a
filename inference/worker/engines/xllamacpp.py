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

from inference.worker.engines.base import Address, Engine, EngineSettings, Served

ORDER = "CHANCERY_ENGINE_ORDER"  # the child is told by its environment: a key in argv would show in ps
DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


class Xllamacpp(Engine):
    name = "xllamacpp"

    def serve(self, model_file: Path, settings: EngineSettings) -> Served:
        port, key = _free_port(), secrets.token_hex(24)
        order = {"model": str(model_file), "port": port, "key": key} | vars(settings)
        process = subprocess.Popen(
            [sys.executable, "-m", "inference.worker.engines.xllamacpp"],
            env=os.environ | {ORDER: json.dumps(order)},
            stdin=subprocess.DEVNULL,
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
    import xllamacpp

    order = json.loads(os.environ.pop(ORDER))
    ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)
    params = xllamacpp.CommonParams()
    params.model.path = order["model"]
    params.model_alias = {order["alias"]}
    params.hostnames, params.port = ["127.0.0.1"], order["port"]
    params.api_keys = [order["key"]]
    params.n_parallel = order["slots"]
    params.n_ctx = order["window"] * order["slots"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = order["threads"]
    # A cancelled request is noticed between two batches only: with the default of 2048 the next one would wait for long.
    params.n_batch = params.n_ubatch = 256
    params.endpoint_metrics = params.endpoint_slots = True
    params.n_gpu_layers = 0
    params.ui = False
    server = xllamacpp.Server(params)  # serves in threads of its own, as long as it is referenced
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the worker decides
    stop.wait()
    del server
    os._exit(0)


if __name__ == "__main__":
    run()
