"""Workers that may die: a process of them is forked, and forked again whenever it has crashed.

Doorbells are a list in Valkey, and what a crash has lost is left to the sweep, as with Celery. A lease is short here, so
that what a dead worker held is due again within seconds.
"""

from __future__ import annotations

import contextlib
import json
import logging
import mmap
import os
import signal
import threading
import uuid
from dataclasses import dataclass
from datetime import timedelta

from bench import interaction_kinds

LEASE = timedelta(seconds=5)
HEARTBEAT_S = 1.0
THREADS = 4
PATIENCE_S = 1.0  # of a worker that waits for a ring
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Crew:
    """`pid` is of the process that keeps the workers alive; `counted` is memory that it shares with whoever started it."""

    lane: str
    pid: int
    counted: mmap.mmap

    @property
    def crashes(self) -> int:
        return int.from_bytes(self.counted[:4], "little")

    def end(self) -> None:
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)


def start(lane: str) -> Crew:
    """Called before this process has a thread or a connection."""
    counted = mmap.mmap(-1, 4)
    pid = os.fork()
    if not pid:
        _keep(lane, counted)
        os._exit(0)
    return Crew(lane, pid, counted)


def bell(lane: str) -> str:
    return f"bench:bell:{lane}"


def ring(lane: str, tenant: uuid.UUID, answer: uuid.UUID) -> None:
    from assistant.streams import stream

    stream.client().rpush(bell(lane), json.dumps([str(tenant), str(answer)]))


def _keep(lane: str, counted: mmap.mmap) -> None:
    over = threading.Event()
    worker = 0

    def stop(*_: object) -> None:
        over.set()
        if worker:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while not over.is_set():
        worker = os.fork()
        if not worker:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            _work(lane)
        _, status = os.waitpid(worker, 0)
        if os.waitstatus_to_exitcode(status) == interaction_kinds.CRASHED:
            counted[:4] = (int.from_bytes(counted[:4], "little") + 1).to_bytes(4, "little")


def _work(lane: str) -> None:
    from django.conf import settings

    from assistant.answering import lease

    lease.LEASE, lease.HEARTBEAT_S = LEASE, HEARTBEAT_S
    options = {"script": interaction_kinds.script(lambda number: _is_first(lane, number))}
    chat = {"BACKEND": "inference.runners.scripted.ScriptedChat", "OPTIONS": options}
    settings.CHANCERY_RUNNERS = settings.CHANCERY_RUNNERS | {"chat": chat}
    for _ in range(THREADS - 1):
        threading.Thread(target=_answer, args=[lane], daemon=True).start()
    _answer(lane)


def _answer(lane: str) -> None:
    from assistant import answering
    from assistant.streams import stream

    while True:
        found = stream.client().blpop([bell(lane)], timeout=PATIENCE_S)
        if found is None:
            continue
        tenant, answer = (uuid.UUID(one) for one in json.loads(found[1]))
        try:
            answering.answer(tenant, answer)
        except Exception:
            log.exception("answer %s", answer)


def _is_first(lane: str, number: int) -> bool:
    from assistant.streams import stream

    return bool(stream.client().set(f"bench:tried:{lane}:{number}", 1, nx=True, ex=3600))
