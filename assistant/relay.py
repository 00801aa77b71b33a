"""An answer on its way to a client: Valkey's stream where it is there, the rows where it is not. The one async room.

It holds no rules and no database connection: who may follow an answer was decided before, and rows are read in moments,
each time as the caller is by then: a person who was switched off, or a key that was revoked, hears no more.
A message's id is its number, from 1; a client that comes back with the last it saw goes on from there.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import redis.asyncio as aioredis
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from redis import RedisError

from assistant import conversations, delivery, models, stream
from governance import keys
from governance.scope import Scope

log = logging.getLogger(__name__)

HEARTBEAT_S = 15.0
GLANCE_S = 1.0  # how often rows are looked at while there is no doorbell
TRUST_S = 10.0  # and while there is one: a ring that was lost, or a place in the queue, is this old at most
REVIEWED_S = 5.0  # so long may segments come one after the other before it is asked whether the reader still may
OPEN_MOST_S = 3600.0


class Doorbell:
    """One subscription a process wakes every stream that waits here."""

    def __init__(self) -> None:
        self.waiting: dict[str, set[asyncio.Event]] = {}
        self.task: asyncio.Task[None] | None = None
        self.is_heard = False

    @property
    def glance_s(self) -> float:
        return TRUST_S if self.is_heard else GLANCE_S

    @contextlib.asynccontextmanager
    async def listen(self, answer: uuid.UUID) -> AsyncIterator[asyncio.Event]:
        if self.task is None or self.task.done():
            self.task = asyncio.get_running_loop().create_task(self._hear())
        rung = asyncio.Event()
        self.waiting.setdefault(answer.hex, set()).add(rung)
        try:
            yield rung
        finally:
            self.waiting[answer.hex].discard(rung)
            if not self.waiting[answer.hex]:
                del self.waiting[answer.hex]

    async def _hear(self) -> None:
        while True:
            try:
                async with aioredis.Redis.from_url(settings.REDIS_URL) as client, client.pubsub() as subscription:
                    await subscription.subscribe(stream.DOORBELL)
                    async for message in subscription.listen():
                        self.is_heard = True
                        if message["type"] == "message":
                            for rung in self.waiting.get(message["data"].decode(), ()):
                                rung.set()
            except (RedisError, OSError) as fault:
                self._wake_all()
                log.warning("no doorbell, rows are read instead: %s", fault)
                await asyncio.sleep(GLANCE_S)

    def _wake_all(self) -> None:
        """Nobody sleeps on a bell that is gone."""
        self.is_heard = False
        for waiting in self.waiting.values():
            for rung in waiting:
                rung.set()


_doorbells: dict[asyncio.AbstractEventLoop, Doorbell] = {}


def doorbell() -> Doorbell:
    return _doorbells.setdefault(asyncio.get_running_loop(), Doorbell())


async def follow(scope: Scope, answer: uuid.UUID, seen: int) -> AsyncGenerator[tuple[int, str, dict[str, Any]]]:
    """(number, event, data) from `seen` on: `segment`s, `status` where anything of it changes, and `done` at the end.

    Raises NotFound or Forbidden once the caller may no longer follow it.
    """
    told: dict[str, Any] = {}
    async with asyncio.timeout(OPEN_MOST_S), doorbell().listen(answer) as rung:
        while True:
            rung.clear()
            segments, state = await _read(scope, answer, seen)
            for message in segments:
                seen = message["ordinal"] + 1
                yield seen, "segment", message
            if state["is_final"]:
                yield seen, "done", state
                return
            if state != told:
                told = state
                yield seen, "status", state
            async for message in _live(answer, seen, rung):
                seen = message["ordinal"] + 1
                yield seen, "segment", message


async def _read(scope: Scope, answer: uuid.UUID, seen: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """As `_rows`, as soon as the database answers: a stream outlives its restart, as the answer does."""
    while True:
        try:
            return await sync_to_async(_rows)(scope, answer, seen)
        except (OperationalError, InterfaceError) as fault:
            log.warning("the rows of answer %s are read later: %s", answer, fault)
            await asyncio.sleep(GLANCE_S)


async def _live(answer: uuid.UUID, seen: int, rung: asyncio.Event) -> AsyncIterator[dict[str, Any]]:
    """Segments straight from the stream, as long as it has the next one; then the rows are asked again."""
    review_at = time.monotonic() + REVIEWED_S
    with contextlib.suppress(TimeoutError, RedisError, OSError):
        while time.monotonic() < review_at:
            await asyncio.wait_for(rung.wait(), doorbell().glance_s)
            rung.clear()
            entries: Any = await _client().xrange(stream.key(answer), min=f"{seen + 1}-0", count=200)
            if not entries:
                return
            for _, fields in entries:
                message = json.loads(fields[b"m"])
                if message["ordinal"] != seen:
                    return  # the stream was lost in between: only the rows are whole
                seen += 1
                yield message


_clients: dict[asyncio.AbstractEventLoop, aioredis.Redis] = {}


def _client() -> aioredis.Redis:
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        pool = aioredis.BlockingConnectionPool.from_url(settings.REDIS_URL, max_connections=4, timeout=2)
        _clients[loop] = aioredis.Redis(connection_pool=pool)
    return _clients[loop]


def _rows(scope: Scope, answer: uuid.UUID, seen: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What was delivered beyond `seen`, and where the answer stands; the state is read first, so nothing is missed."""
    try:
        scope = keys.renewed(scope)
        row = conversations.answer_of(scope, answer)
        segments = [delivery.segment_message(segment) for segment in row.segments.all() if segment.ordinal >= seen]
        return segments, state_of(row, conversations.ahead_of(scope, row))
    finally:
        connection.close()


def state_of(row: models.Answer, position: int) -> dict[str, Any]:
    """`position` is how many of the organisation's questions wait before this one."""
    state = {"id": str(row.pk), "status": row.status, "notice": row.notice, "is_final": row.is_final}
    return state | ({"position": position} if row.status == models.Status.QUEUED else {})


def encode(number: int, event: str, data: dict[str, Any]) -> bytes:
    """One server-sent event."""
    return f"id: {number}\nevent: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
