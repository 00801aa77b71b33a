"""A real web process in a thread, workers in others, and clients that keep the bytes that they were sent."""

from __future__ import annotations

import json
import socket
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import httpx
import uvicorn
from django.db import connection

from assistant import answering, conversations
from tests.assistant import portal
from tests.cast import House

PATIENCE_S = 60.0
# Every client reads the authorities' certificates as it is made, which takes 25 ms: none is asked for here.
PLAIN: Any = {"trust_env": False, "verify": False}


@dataclass(frozen=True)
class Event:
    """One server-sent event, or a comment, whose name is empty."""

    number: int
    name: str
    data: Any


@contextmanager
def web() -> Iterator[str]:
    """Its address. Two of them have nothing in common but Postgres and Valkey: each has a loop of its own."""
    from assistant.asgi import application

    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, lifespan="off", log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


@dataclass
class Workers:
    """What each answer's run came to, by the answer."""

    runs: dict[uuid.UUID, Future[None]] = field(default_factory=dict)

    def fault(self, answer: uuid.UUID) -> BaseException | None:
        """What its run was left by, once it has ended."""
        return self.runs[answer].exception(PATIENCE_S)


@contextmanager
def workers() -> Iterator[Workers]:
    """Whoever is rung for is worked on at once, in a thread: Celery without Celery."""
    crew = Workers()
    with ThreadPoolExecutor(4) as pool:

        def ring(tenant: uuid.UUID, answer: uuid.UUID) -> None:
            crew.runs[answer] = pool.submit(answering.answer, tenant, answer)

        with mock.patch.object(conversations, "ring", ring):
            yield crew


def caller(address: str, key: str = "") -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.Client(base_url=address, headers=headers, timeout=PATIENCE_S, **PLAIN)


def browser(address: str, house: House, name: str) -> httpx.Client:
    """Signed in at the portal, with the token that its forms carry."""
    session = portal.signed_in(house, name).cookies["chancery_session"].value
    client = httpx.Client(base_url=address, cookies={"chancery_session": session}, timeout=PATIENCE_S, **PLAIN)
    client.get("/c/")
    client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
    return client


def events(lines: Iterable[str]) -> Iterator[Event]:
    """Each as soon as it is complete."""
    number, name, data = 0, "", ""
    for line in lines:
        key, _, value = line.partition(": ")
        if line.startswith(":"):
            yield Event(0, "", line)
        elif key == "id":
            number = int(value)
        elif key == "event":
            name = value
        elif key == "data":
            data = value
        elif not line and name:
            yield Event(number, name, json.loads(data))
            name = ""


def followed(client: httpx.Client, path: str, *, last: int | None = None) -> list[Event]:
    """A stream read to its end, without its comments."""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    with client.stream("GET", path, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        return [event for event in events(response.iter_lines()) if event.name]


def text(told: Iterable[Event]) -> str:
    return "".join(event.data["text"] for event in told if event.name == "segment")


def done_with(do: Callable[..., Any], *given: Any) -> None:
    """In a thread that goes on without this test, and is to keep no connection."""
    try:
        do(*given)
    finally:
        connection.close()
