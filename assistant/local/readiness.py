"""When a process may be used: asked of the process itself, never guessed from the time that has passed."""

from __future__ import annotations

import socket
from collections.abc import Callable

import httpx
from celery import Celery
from kombu.exceptions import OperationalError


def of_http(url: str) -> Callable[[], bool]:
    """Ready is whatever answers 200; a 503 says that it is up and still loading."""

    def ready() -> bool:
        try:
            return httpx.get(url, timeout=2.0, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    return ready


def of_worker(queue: str, broker: str) -> Callable[[], bool]:
    """A Celery worker answers a ping once it consumes; only the worker of `queue` on this machine is asked."""
    app = Celery(broker=broker, set_as_current=False)  # whose tasks would go nowhere
    name = f"{queue}@{socket.gethostname()}"

    def ready() -> bool:
        try:
            return bool(app.control.ping(destination=[name], timeout=0.5))
        except (OperationalError, OSError):
            return False

    return ready
