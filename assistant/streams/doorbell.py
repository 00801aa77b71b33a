"""One subscription a process wakes every stream that waits here, and one question to the database says whose rights changed.

A stream costs no connection of either, and no thread: see `relay` and `assistant.asgi`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import redis.asyncio as aioredis
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, connection
from redis import RedisError

from assistant.streams import stream
from governance import people
from governance.accounts import sessions
from governance.scope import Scope
from ingestion.documents import narrowings

log = logging.getLogger(__name__)

GLANCE_S = 1.0  # how often rows are looked at while there is no doorbell
TRUST_S = 10.0  # and while there is one: a ring that was lost, or a place in the queue, is this old at most
REREAD_A_S = 20  # rows a second at the most for streams to which nothing has happened: with many each waits longer
REVIEWED_S = 2.5  # how often it is asked whether the readers still may
# Rows are read by few threads, however many streams there are: of the pool's connections some are left for everybody else.
ROWS = ThreadPoolExecutor(3, thread_name_prefix="rows")

Caller = tuple[uuid.UUID, uuid.UUID | None]


class Rung(asyncio.Event):
    """Two rings that come together are one event: that one of them was for the row, and not for a segment, is kept apart."""

    has_changed = False

    def ring(self, *, has_changed: bool) -> None:
        self.has_changed = self.has_changed or has_changed
        self.set()

    def clear_all(self) -> None:
        self.has_changed = False
        self.clear()


class Doorbell:
    def __init__(self) -> None:
        self.waiting: dict[str, set[Rung]] = {}
        self.readers: dict[Caller, set[Rung]] = {}
        self.known: dict[Caller, object] = {}  # what their rights were when it was last asked
        self.sessions: dict[str, set[Rung]] = {}
        self.tasks: list[asyncio.Task[None]] = []
        self.is_heard = False
        self.open = 0

    @property
    def glance_s(self) -> float:
        return max(TRUST_S if self.is_heard else GLANCE_S, self.open / REREAD_A_S)

    @contextlib.asynccontextmanager
    async def listen(self, scope: Scope, answer: uuid.UUID) -> AsyncIterator[Rung]:
        if not self.tasks or any(task.done() for task in self.tasks):
            for task in self.tasks:
                task.cancel()  # two that hear would wake everybody twice
            self.tasks = [asyncio.ensure_future(forever) for forever in (self._hear(), self._review())]
        rung, caller = Rung(), (scope.person, scope.key)
        self.waiting.setdefault(answer.hex, set()).add(rung)
        self.readers.setdefault(caller, set()).add(rung)
        if scope.session:
            self.sessions.setdefault(scope.session, set()).add(rung)
        self.open += 1
        try:
            yield rung
        finally:
            self.open -= 1
            self.waiting[answer.hex].discard(rung)
            if not self.waiting[answer.hex]:
                del self.waiting[answer.hex]
            self.readers[caller].discard(rung)
            if not self.readers[caller]:
                del self.readers[caller]
                self.known.pop(caller, None)
            self._leave_session(scope.session, rung)

    def _leave_session(self, session: str, rung: Rung) -> None:
        if session:
            self.sessions[session].discard(rung)
            if not self.sessions[session]:
                del self.sessions[session]

    async def _hear(self) -> None:
        while True:
            try:
                async with aioredis.Redis.from_url(settings.REDIS_URL) as client, client.pubsub() as subscription:
                    await subscription.subscribe(stream.DOORBELL, stream.CHANGES)
                    while not _is_told_to_end():  # the client may have swallowed it while it connected
                        message = await subscription.get_message(timeout=GLANCE_S)
                        if message is None:
                            continue
                        self.is_heard = True
                        if message["type"] == "message":
                            has_changed = message["channel"].decode() == stream.CHANGES
                            for rung in self.waiting.get(message["data"].decode(), ()):
                                rung.ring(has_changed=has_changed)
                    return
            except (RedisError, OSError) as fault:
                if _is_told_to_end():  # the client took that for a fault of its own
                    raise asyncio.CancelledError from fault
                self._wake_all()
                log.warning("no doorbell, rows are read instead: %s", fault)
                await asyncio.sleep(GLANCE_S)

    def _wake_all(self) -> None:
        """Nobody sleeps on a bell that is gone."""
        self.is_heard = False
        for waiting in self.waiting.values():
            for rung in waiting:
                rung.ring(has_changed=True)

    async def _review(self) -> None:
        """Whoever is no longer what they were is asked for anew by their streams, which end where they may not go on."""
        while True:
            await asyncio.sleep(REVIEWED_S)
            callers, open_ones = list(self.readers), list(self.sessions)
            try:
                found, ended = await sync_to_async(_standing, thread_sensitive=False, executor=ROWS)(callers, open_ones)
            except DatabaseError as fault:  # streams outlive its restart
                log.warning("who may still read is asked later: %s", fault)
                continue
            for caller, now in zip(callers, found, strict=True):
                # Of a new reader nothing is known, and they are asked about once: what changed since they came is not missed.
                if caller in self.readers and (caller not in self.known or now != self.known[caller]):
                    self.known[caller] = now
                    for rung in self.readers[caller]:
                        rung.ring(has_changed=True)
            for session in ended & set(self.sessions):
                for rung in self.sessions[session]:
                    rung.ring(has_changed=True)


def _is_told_to_end() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _standing(callers: list[Caller], open_ones: list[str]) -> tuple[list[object], set[str]]:
    """What each one's rights rest on now (who they are, what their key opens, what they hold by grants, what is narrower than
    its collection), and which of the sessions have ended.
    """
    if not callers:
        return [], set()
    try:
        marks = people.holdings_of({person for person, _ in callers})
        found, ended = people.scopes_of(callers), sessions.gone(open_ones)
        narrowed = narrowings.marks({scope.tenant for scope in found if scope})
    finally:
        connection.close()
    rights: list[object] = [
        scope and (_rights(scope), marks.get(person), narrowed.get(scope.tenant))
        for (person, _), scope in zip(callers, found, strict=True)
    ]
    return rights, ended


def _rights(scope: Scope) -> object:
    return (scope.tenant, scope.roles, scope.groups, scope.key_scopes, scope.opened)


_doorbells: dict[asyncio.AbstractEventLoop, Doorbell] = {}


def doorbell() -> Doorbell:
    return _doorbells.setdefault(asyncio.get_running_loop(), Doorbell())
