"""Waiting for an answer on behalf of a client that has no other way back to it: when it leaves, the answer is stopped.

Elsewhere the answer's life is not the connection's. OpenAI's clients know no way to come back to a stream, and they ask
anew after a timeout: what went on would be written for nobody, twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncGenerator, AsyncIterator

from asgiref.sync import async_to_sync, sync_to_async
from django.db import DatabaseError, connection

from assistant import conversations, models
from assistant.streams import relay
from assistant.streams.streaming import Event
from assistant.v1.completions import Chunks
from governance.errors import ChanceryError, Forbidden, NotFound, RecordUnavailable, Unavailable
from governance.scope import Scope

log = logging.getLogger(__name__)

WAIT_MOST_S = 600.0
# A stream has said 200 once it is open. So long it stays shut, that what fails at once has a status of its own.
OPENS_WITHIN_S = 10.0
UNSAID = "The answer took too long and was stopped. Ask again, or ask for less at once."
ENDED = "Whoever asked may no longer read the answer: the key has ended, or what it may do has changed."

_leaving: set[asyncio.Task[None]] = set()  # a task that nobody holds may be collected before it has run


def until_ended(scope: Scope, answer: uuid.UUID) -> models.Answer:
    """The answer in its final status. Raises RecordUnavailable or Unavailable, and then the answer is stopped."""
    connection.close()  # somebody else may have it meanwhile
    if not async_to_sync(_wait)(scope, answer, WAIT_MOST_S, for_first=False):
        stop(scope, answer)
        raise Unavailable(UNSAID)
    return conversations.answer_of(scope, answer)


def until_begun(scope: Scope, answer: uuid.UUID) -> models.Answer:
    """Once it has said something, or has ended, or has let wait long enough."""
    connection.close()
    async_to_sync(_wait)(scope, answer, OPENS_WITHIN_S, for_first=True)
    return conversations.answer_of(scope, answer)


async def _wait(scope: Scope, answer: uuid.UUID, most_s: float, *, for_first: bool) -> bool:
    is_over = False
    try:
        async with asyncio.timeout(most_s), contextlib.aclosing(relay.follow(scope, answer, 0)) as events:
            async for _, event, data in events:
                if event == "status" and data["notice"]:
                    raise RecordUnavailable(data["notice"])
                if event == "done" or (for_first and event == "segment"):
                    break
        is_over = True
    except TimeoutError:
        is_over = True  # whoever called decides what that means
        return False
    finally:
        if not is_over:
            leave(scope, answer)
    return True


async def chunks(scope: Scope, answer: uuid.UUID, faces: Chunks) -> AsyncIterator[Event]:
    """What cuts it short is told as a fault: a stream that merely ended would pass for a whole answer."""
    try:
        async with contextlib.aclosing(_chunks(scope, answer, faces)) as coming:
            async for chunk in coming:
                yield chunk
    except (NotFound, Forbidden):
        yield faces.fault(Forbidden(ENDED))
    except TimeoutError:
        yield faces.fault(Unavailable(UNSAID))


async def _chunks(scope: Scope, answer: uuid.UUID, faces: Chunks) -> AsyncGenerator[Event]:
    """Raises what `relay.follow` raises. Left before the answer's end, by whomever, it stops the answer."""
    has_ended = False
    try:
        yield faces.first()
        async with contextlib.aclosing(relay.follow(scope, answer, 0)) as events:
            async for _, event, data in events:
                if event == "segment":
                    yield faces.segment(data)
                elif event == "status" and data["notice"]:
                    yield faces.fault(RecordUnavailable(data["notice"]))
                    return
                elif event == "done":
                    has_ended = True
        for chunk in faces.end(await sync_to_async(ended)(scope, answer)):
            yield chunk
    finally:
        if not has_ended:
            leave(scope, answer)


def leave(scope: Scope, answer: uuid.UUID) -> None:
    """Stop the answer from here on, whatever becomes of the task that says so: it is being cancelled itself."""
    stopping = sync_to_async(stop, thread_sensitive=False)
    task = asyncio.get_running_loop().create_task(stopping(scope, answer))
    _leaving.add(task)
    task.add_done_callback(_leaving.discard)


def stop(scope: Scope, answer: uuid.UUID) -> None:
    try:
        conversations.cancel(scope, answer)
    except (ChanceryError, DatabaseError) as fault:
        log.warning("answer %s, whose client has left, could not be stopped: %s", answer, fault)
    finally:
        connection.close()


def ended(scope: Scope, answer: uuid.UUID) -> models.Answer:
    """The row, read in a thread that is to keep no connection."""
    try:
        return conversations.answer_of(scope, answer)
    finally:
        connection.close()
