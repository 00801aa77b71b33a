"""Stop, heard at once by the process that answers. The row says it too: a ring that is lost costs two seconds."""

from __future__ import annotations

import contextlib
import logging
import threading
import uuid
from collections.abc import Iterator

import redis
from django.conf import settings

from assistant.streams import stream

log = logging.getLogger(__name__)

CHANNEL = "chancery:stops"
AGAIN_S = 1.0


def ring(answer: uuid.UUID) -> None:
    stream.ring(CHANNEL, answer)


class _Bell:
    """One subscription a process, however many answers it writes."""

    def __init__(self) -> None:
        self._waiting: dict[str, threading.Event] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def listen(self, answer: uuid.UUID, rung: threading.Event) -> Iterator[None]:
        with self._lock:
            self._waiting[answer.hex] = rung
            if (
                self._thread is None or not self._thread.is_alive()
            ):  # a forked process inherits a thread that is not there
                self._thread = threading.Thread(target=self._hear, daemon=True, name="stops")
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                if self._waiting.get(answer.hex) is rung:
                    del self._waiting[answer.hex]

    def _hear(self) -> None:
        waiter = threading.Event()
        while True:
            try:
                with (
                    redis.Redis.from_url(settings.REDIS_URL, health_check_interval=30) as client,
                    client.pubsub() as heard,
                ):
                    heard.subscribe(CHANNEL)
                    for message in heard.listen():
                        rung = self._waiting.get(message["data"].decode()) if message["type"] == "message" else None
                        if rung:
                            rung.set()
            except (redis.RedisError, OSError) as fault:
                log.info("no bell for Stop, rows are read instead: %s", fault)
                waiter.wait(AGAIN_S)


_bell = _Bell()
listen = _bell.listen
