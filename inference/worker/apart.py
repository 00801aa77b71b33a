"""The model worker as a process of its own, for as long as somebody measures it: started as an operator starts it."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from governance.errors import Unavailable
from inference import footprint
from inference.footprint import Footprint
from inference.worker import look
from inference.worker.engines.base import Address, Served, await_ready
from inference.worker.engines.child import ROOT, free_port

HOST = "127.0.0.1"
GLANCE_S = 0.02
STOPPED_MOST_S = 30.0
WARM_MOST_S, WARM_GLANCE_S = 300.0, 0.2


@dataclass(frozen=True)
class Apart:
    """`url` ends in /v1; `load_s` went by from its start until it could be asked. What prompts begin with has been read since."""

    url: str
    key: str
    pid: int
    load_s: float

    def footprint(self) -> Footprint:
        return footprint.of(self.pid)

    def processor_s(self) -> float:
        return footprint.processor_s(self.pid)


@contextmanager
def running(model: str, models_dir: Path, engine: str) -> Iterator[Apart]:
    """`model` is a catalogue's name or a GGUF file. Raises Unavailable, with the last line of its log."""
    port, key = free_port(), secrets.token_hex(24)
    argv = [sys.executable, "manage.py", "model_worker", "--host", HOST, "--port", str(port)]
    argv += ["--model", model, "--engine", engine]
    told = os.environ | {"CHANCERY_MODEL_KEY": key, "CHANCERY_MODELS": str(models_dir), "CHANCERY_MODELS_BESIDE": ""}
    with tempfile.TemporaryFile() as log:
        began = time.monotonic()
        process = subprocess.Popen(argv, cwd=ROOT, env=told, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        served = Served(Address(f"http://{HOST}:{port}", key), process)
        try:
            _await(served, model, log)
            load_s = time.monotonic() - began
            _await_warm(served)
            yield Apart(f"{served.address.url}/v1", key, process.pid, load_s)
        finally:
            served.stop(STOPPED_MOST_S)


def _await(served: Served, model: str, log: IO[bytes]) -> None:
    try:
        await_ready(served, every_s=GLANCE_S)
    except Unavailable:
        log.seek(0)
        raise Unavailable(f"The model worker did not come up with {model}: {_last(log.read())}") from None


def _await_warm(served: Served) -> None:
    """Until what every prompt begins with has been read, or for so long: beside that, whatever is measured is slower."""
    until = time.monotonic() + WARM_MOST_S
    while served.is_alive and time.monotonic() < until:
        state = look.look(f"{served.address.url}/v1", served.address.key)
        if state.is_ready and not state.warming:
            return
        time.sleep(WARM_GLANCE_S)


def _last(log: bytes) -> str:
    lines = log.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
