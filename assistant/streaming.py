"""The HTTP response around an answer's relay: heartbeats, headers, and whatever each face adds to the events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse

from assistant import relay
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
    upcoming = asyncio.ensure_future(anext(events))
    try:
        while True:
            done, _ = await asyncio.wait({upcoming}, timeout=relay.HEARTBEAT_S)
            if not done:
                yield b": still here\n\n"
                continue
            try:
                event = upcoming.result()
            except (StopAsyncIteration, TimeoutError, NotFound, Forbidden):
                return  # whoever lost the right to it is told so when they come back
            for number, name, data in face(event):
                yield encode(number, name, data)
            upcoming = asyncio.ensure_future(anext(events))
    finally:
        upcoming.cancel()
        with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration, Exception):
            await upcoming
        await events.aclose()  # type: ignore[attr-defined]
