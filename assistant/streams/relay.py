"""An answer on its way to a client: Valkey's stream where it is there, the rows where it is not. The one async room.

It holds no rules, no database connection and no thread: who may follow an answer was decided before, and rows are read in
moments, each time as the caller is by then: a person who was switched off, or a key that was revoked, hears no more.
A message's id is its number, from 1; a client that comes back with the last it saw goes on from there.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import redis.asyncio as aioredis
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from redis import RedisError

from assistant import conversations, models
from assistant.answering import delivery, turns
from assistant.answering.evidence import Decision
from assistant.conversations import reading, waits
from assistant.streams import stream
from assistant.streams.doorbell import GLANCE_S, ROWS, Rung, doorbell
from governance import keys
from governance.scope import Scope

log = logging.getLogger(__name__)

HEARTBEAT_S = 15.0
OPEN_MOST_S = 3600.0
LINE_S = 1.0  # and then it is not told where the answer stands
VALKEY_S = 5.0  # and then the rows are read


async def follow(scope: Scope, answer: uuid.UUID, seen: int) -> AsyncGenerator[tuple[int, str, dict[str, Any]]]:
    """(number, event, data) from `seen` on: `segment`s, `status` where anything of it changes, and `done` at the end.

    Raises NotFound or Forbidden once the caller may no longer follow it.
    """
    told: dict[str, Any] = {}
    async with asyncio.timeout(OPEN_MOST_S), doorbell().listen(scope, answer) as rung:
        while True:
            rung.clear_all()
            segments, state = await _read(scope, answer, seen)
            if state["status"] == models.Status.RUNNING and not seen and not segments:
                state |= await _in_line(answer)
            if not told and not state["is_final"]:  # whoever wants to stop it needs its id before its first words
                told = state
                yield seen, "status", state
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
            return await sync_to_async(_rows, thread_sensitive=False, executor=ROWS)(scope, answer, seen)
        except (OperationalError, InterfaceError) as fault:
            log.warning("the rows of answer %s are read later: %s", answer, fault)
            await asyncio.sleep(GLANCE_S)


async def _in_line(answer: uuid.UUID) -> dict[str, Any]:
    """Where it stands in its model's line, for as long as it does: `{"line": {state, position, wait_s}}`; 1 is the next."""
    with contextlib.suppress(TimeoutError, RedisError, OSError):
        async with asyncio.timeout(LINE_S):
            told: Any = await _client().get(stream.line_key(answer))
        return {"line": json.loads(told)} if told else {}
    return {}


async def _live(answer: uuid.UUID, seen: int, rung: Rung) -> AsyncIterator[dict[str, Any]]:
    """Segments straight from the stream, as long as it has the next one; then, or where the row has changed, the rows are
    asked again.
    """
    with contextlib.suppress(TimeoutError, RedisError, OSError):
        while True:
            async with asyncio.timeout(doorbell().glance_s):
                await rung.wait()
            if rung.has_changed:
                return
            rung.clear()
            async with asyncio.timeout(VALKEY_S):
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
        # Its own timeout is one of asyncio.wait_for, by which a client's leaving may be lost (Python before 3.12).
        pool = aioredis.BlockingConnectionPool.from_url(
            settings.REDIS_URL, socket_timeout=None, max_connections=4, timeout=2
        )
        _clients[loop] = aioredis.Redis(connection_pool=pool)
    return _clients[loop]


def _rows(scope: Scope, answer: uuid.UUID, seen: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What was delivered beyond `seen`, and where the answer stands; the state is read first, so nothing is missed."""
    try:
        scope = keys.renewed(scope)
        with scope.transaction():
            row = conversations.answer_of(scope, answer)
            ahead = conversations.ahead_of(scope, row)
            is_waiting = row.status == models.Status.QUEUED
            wait_s = waits.until_begun_s(scope, ahead) if is_waiting else 0.0
            after = turns.waits_for(row) if is_waiting else None
        if not row.is_final:  # one that has ended is its person's, as it is on its page
            reading.require(scope, reading.collections_of(scope, row), reading.documents_of(row))
        segments = [delivery.segment_message(segment) for segment in row.segments.all() if segment.ordinal >= seen]
        return segments, state_of(row, ahead, wait_s, after)
    finally:
        connection.close()


def state_of(row: models.Answer, position: int, wait_s: float = 0.0, after: uuid.UUID | None = None) -> dict[str, Any]:
    """`position` is how many of the organisation's questions are taken before this one, `wait_s` about how long it will wait, and
    `after` the answer before it on its line, where it waits for that one's end.
    `passages` are what an answer that is being written is written from, as soon as that is known.
    """
    state = {"id": str(row.pk), "status": row.status, "notice": row.notice, "is_final": row.is_final}
    if row.status == models.Status.QUEUED:
        behind = {"after": str(after)} if after else {}
        return state | {"position": position, "wait_s": wait_s} | behind
    return state | ({"passages": _given(row)} if row.status == models.Status.RUNNING and row.passages else {})


def _given(row: models.Answer) -> list[dict[str, Any]]:
    """By the receipt's names, which policy has seen. Nothing where the evidence will not do: no model is asked."""
    given = {one["chunk"] for one in row.passages}
    if row.receipt.get("evidence", {}).get("decision") == Decision.REFUSE:
        return []
    return [
        {"chunk_id": one["chunk"], "document_id": one["document"], "document_name": one["name"]}
        for one in row.receipt.get("kept", ())
        if one["chunk"] in given
    ]


def encode(number: int, event: str, data: dict[str, Any]) -> bytes:
    """One server-sent event. The stream and the rows, where Postgres orders names as it likes, give the same bytes."""
    told = json.dumps(data, ensure_ascii=False, sort_keys=True)
    return f"id: {number}\nevent: {event}\ndata: {told}\n\n".encode()
