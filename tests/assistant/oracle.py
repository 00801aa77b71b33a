"""Whether a refusal tells that there is something: the same request for an id that is somebody else's, and for nobody's."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from tests.assistant.test_matrix import ROUTES, THEIRS, WORDS, Route, Stage

_VERBS = ("get", "post", "put", "patch", "delete")
_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"')
_NUMBER = re.compile(rb"\b[0-9a-f]{32}\b")
_VALUE = re.compile(r"'[^']*'|\b\d+\b|::uuid")
PASSING = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK", "SELECT set_config")
# A stream is opened on an asynchronous loop, which the client of the tests has none of for each request.
LEFT_OUT = frozenset({"answer-stream"})


@dataclass(frozen=True)
class Pair:
    """One route and verb: `theirs` is the address of what somebody else has, `nothing` of what nobody has."""

    name: str
    verb: str
    theirs: str
    nothing: str


@dataclass(frozen=True)
class Seen:
    """`shape` are the statements, without their values."""

    status: int
    body: bytes
    headers: frozenset[str]
    shape: tuple[str, ...]

    def differs(self, other: Seen) -> str:
        names = ("status", "body", "headers", "shape")
        return ", ".join(name for name in names if getattr(self, name) != getattr(other, name))


def pairs(stage: Stage, *, is_each: bool = True) -> Iterator[Pair]:
    """`is_each` for each verb, and not one of them alone."""
    wanted = [route for route in ROUTES if route.name in THEIRS - LEFT_OUT and "{" in route.address]
    for place, route in enumerate(wanted):
        theirs, nothing = route.address.format(**stage.ids), route.address.format(**strangers(stage.ids))
        takes = verbs(route, theirs)
        for verb in takes if is_each else takes[place % len(takes) :][:1]:
            yield Pair(route.name, verb, theirs, nothing)


def strangers(ids: Mapping[str, object]) -> dict[str, object]:
    """Ids of the same kind that nobody has."""
    told: dict[str, object] = {name: uuid.uuid4() for name in ids}
    return told | WORDS | {"number": 4_000, "model": f"chancery/{uuid.uuid4()}", "rule": "no-such-rule"}


def verbs(route: Route, address: str) -> list[str]:
    """What the route takes: GET, and of the others the first."""
    view = resolve(address).func
    takes = [
        verb for verb in _VERBS if hasattr(getattr(view, "view_class", None) or getattr(view, "cls", object), verb)
    ]
    if not takes:
        takes = ["get", "post"]  # a function of the portal
    return takes[:1] + [verb for verb in takes[1:] if verb != "get"][:1]


def seen(client: Client, verb: str, address: str) -> Seen:
    connection.queries_log.clear()  # it holds the last 9,000, and counts are taken from its length
    with CaptureQueriesContext(connection) as asked:
        response: Any = getattr(client, verb)(address)
    shape = tuple(kind for one in asked.captured_queries if (kind := _kind(one["sql"])))
    return Seen(response.status_code, _plain(response, address), frozenset(response.headers), shape)


def _plain(response: Any, address: str) -> bytes:
    """Without what is the request's own."""
    body = b"".join(response.streaming_content) if response.streaming else bytes(response.content)
    for one in re.findall(r"[0-9a-f-]{36}", address):
        body = body.replace(one.encode(), b"ID")
    return _NUMBER.sub(b"NUMBER", _TOKEN.sub(b"", body)).replace(address.encode(), b"ADDRESS")


def _kind(sql: str) -> str:
    """Which statement it is, whatever its values. Once a minute a key and a session note that they were used, for either id."""
    if sql.startswith(PASSING) or "last_used_at" in sql or "seen_at" in sql:
        return ""
    return _VALUE.sub("?", sql)[:200]
