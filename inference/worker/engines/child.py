"""An engine's process: started by the worker with its order in the environment, and never outliving it."""

from __future__ import annotations

import ctypes
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

from inference.worker.engines.base import Address, EngineSettings, Served

ORDER = "CHANCERY_ENGINE_ORDER"  # the child is told by its environment: a key in argv would show in ps
ROOT = Path(__file__).resolve().parents[3]
WAITING = {"OMP_WAIT_POLICY": "passive"}  # see serving.Order
DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


def start(module: str, model_file: Path, settings: EngineSettings) -> Served:
    """`module`, run as a program that calls `begin` first."""
    port, key = free_port(), secrets.token_hex(24)
    order = {"model": str(model_file), "port": port, "key": key} | vars(settings)
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        env=WAITING | os.environ | {ORDER: json.dumps(order), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
    )
    return Served(Address(f"http://127.0.0.1:{port}", key), process)


def said(code: str) -> str:
    """What a process of its own prints, which may carry native code as this one may not."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def begin() -> dict[str, Any]:
    """In the child: what to serve (`model`, `port`, `key` and the fields of EngineSettings), and how it ends is settled."""
    if sys.platform == "linux":  # the thread below cannot run while a model is loaded, for seconds
        ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)
    threading.Thread(target=_end_with_the_worker, daemon=True).start()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the worker decides
    order: dict[str, Any] = json.loads(os.environ.pop(ORDER))
    return order


def _end_with_the_worker() -> None:
    """The worker holds the other end of the pipe, and however it dies, the pipe ends."""
    sys.stdin.buffer.read()
    os._exit(0)
