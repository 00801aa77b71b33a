"""The HTTP response around an answer's relay: heartbeats, headers, and whatever each face adds to the events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse

from assistant.streams import relay
from governance.errors import Forbidden, NotFound

Event = tuple[int, str, dict[str, Any]]


def last_seen(request: HttpRequest) -> int:
    """From Last-Event-ID, which a browser sends by itself when it comes back; nonsense is the beginning."""
    raw = request.headers.get("Last-Event-ID", "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 8 else 0


def respond(
    events: AsyncIterator[Event],
    face: Callable[[Event], list[Event]] = lambda event: [event],
    encode: Callable[[int, str, dict[str, Any]], bytes] = relay.encode,
) -> StreamingHttpResponse:
    response = StreamingHttpResponse(_bytes(events, face, encode), content_type="text/event-stream")
    response["Cache-Control"] = "no-cache, no-transform"
    response["X-Accel-Buffering"] = "no"
    return response


async def _bytes(
    events: AsyncIterator[Event],
    face: Callable[[Event], list[Event]],
    encode: Callable[[int, str, dict[str, Any]], bytes],
) -> AsyncIterator[bytes]:
    yield b": open\n\n"
    # Whoever lost the right to it is told so when they come back.
    with contextlib.suppress(TimeoutError, NotFound, Forbidden):
        async with contextlib.aclosing(paced(events, relay.HEARTBEAT_S)) as coming:
            async for event in coming:
                if event is None:
                    yield b": still here\n\n"
                    continue
                for number, name, data in face(event):
                    yield encode(number, name, data)


async def paced(events: AsyncIterator[Event], pause_s: float) -> AsyncGenerator[Event | None]:
    """Each event as it comes, and None where none has come for so long."""
    upcoming = asyncio.ensure_future(anext(events))
    try:
        while True:
            done, _ = await asyncio.wait({upcoming}, timeout=pause_s)
            if not done:
                yield None
                continue
            try:
                event = upcoming.result()
            except StopAsyncIteration:
                return
            yield event
            upcoming = asyncio.ensure_future(anext(events))
    finally:
        upcoming.cancel()
        with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration, Exception):
            await upcoming
        await events.aclose()  # type: ignore[attr-defined]
