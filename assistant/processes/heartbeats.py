"""Each process says every few seconds that it lives; operators see who did not lately. In Valkey, since it is no truth."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from dataclasses import dataclass

import redis

from assistant.streams import stream

KEPT_S = 300
EVERY_S = 5.0
LATE_S = 20.0
PREFIX = "chancery:process:"
_STARTED = time.time()


@dataclass(frozen=True)
class Process:
    kind: str
    host: str
    pid: int
    age_s: float  # since it was last heard
    up_s: float

    @property
    def is_late(self) -> bool:
        return self.age_s > LATE_S


def beat(kind: str) -> None:
    """Never fails: a process works without being seen."""
    told = {"kind": kind, "host": socket.gethostname(), "pid": os.getpid(), "started": _STARTED, "at": time.time()}
    with contextlib.suppress(redis.RedisError):
        stream.client().set(_key(kind), json.dumps(told), ex=KEPT_S)


def forget(kind: str) -> None:
    with contextlib.suppress(redis.RedisError):
        stream.client().delete(_key(kind))


def keep_beating(kind: str) -> None:
    """From a thread of its own, as long as the process lives."""

    def run() -> None:
        while True:
            beat(kind)
            time.sleep(EVERY_S)

    threading.Thread(target=run, daemon=True, name=f"heartbeat-{kind}").start()


def heard() -> list[Process]:
    """By kind, host and number. Raises RedisError."""
    client, now = stream.client(), time.time()
    keys = list(client.scan_iter(match=f"{PREFIX}*", count=500))
    values = client.mget(keys) if keys else []
    told = [json.loads(value) for value in values if value]
    found = [Process(t["kind"], t["host"], t["pid"], now - t["at"], now - t["started"]) for t in told]
    return sorted(found, key=lambda one: (one.kind, one.host, one.pid))


def _key(kind: str) -> str:
    return f"{PREFIX}{kind}:{socket.gethostname()}:{os.getpid()}"
