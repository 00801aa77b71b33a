"""One chat on its way: a place in the queue, the engine's bytes untouched, and the client's leaving noticed throughout."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
from starlette.types import Receive, Scope, Send

from inference.worker.queue import FairQueue, Place

EVENTS = "text/event-stream"


class Relay:
    """An ASGI response. Whatever ends it closes the engine's connection, which frees the engine's slot, and the place.

    While a streamed answer has nothing to show yet, comments tell the client every `beat_s` seconds that it stands in
    the queue, and where, or that its prompt is being read: a silent line would be taken for a dead one.
    `stamps` puts the monotonic time at which the engine's bytes came before them, as a comment: for measuring.
    """

    def __init__(
        self,
        queue: FairQueue,
        place: Place,
        ask: Callable[[], Awaitable[httpx.Response]],
        ended: Callable[[str], None],
        *,
        is_stream: bool,
        beat_s: float,
        stamps: bool,
    ) -> None:
        self.queue, self.place, self.ask, self.ended = queue, place, ask, ended
        self.is_stream, self.beat_s, self.stamps = is_stream, beat_s, stamps
        self.upstream: httpx.Response | None = None
        self.has_started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        passing = asyncio.ensure_future(self._pass(send))
        leaving = asyncio.ensure_future(left(receive))
        try:
            await asyncio.wait({passing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            self.ended(passing.result() if passing.done() else "gone")
        finally:
            await stopped(passing, leaving)
            if self.upstream is not None:
                with contextlib.suppress(httpx.HTTPError):
                    await self.upstream.aclose()
            self.queue.leave(self.place)

    async def _pass(self, send: Send) -> str:
        try:
            upstream = await self._patiently(send)
            if self.has_started and not upstream.is_success:
                await self._body(send, b"data: " + await upstream.aread() + b"\n\n")
            else:
                await self._start(send, upstream.status_code, upstream.headers.get("Content-Type", ""))
                ends_event = self.stamps and self.is_stream
                async for block in upstream.aiter_raw():
                    stamp = b": emitted %.6f\n\n" % time.monotonic() if ends_event else b""
                    await self._body(send, stamp + block)
                    ends_event = self.stamps and self.is_stream and block.endswith(b"\n\n")
        except httpx.HTTPError as fault:
            await self._break_off(send, f"The engine broke off: {type(fault).__name__}.")
            return "failed"
        await send({"type": "http.response.body", "body": b""})
        return "served"

    async def _patiently(self, send: Send) -> httpx.Response:
        asking = asyncio.ensure_future(self._ask())
        try:
            while not (await asyncio.wait({asking}, timeout=self.beat_s))[0]:
                if self.is_stream:
                    await self._start(send, 200, EVENTS)
                    position = self.queue.position(self.place)
                    await self._body(send, b": waiting %d\n\n" % position if position else b": reading\n\n")
            return asking.result()
        finally:
            await stopped(asking)

    async def _ask(self) -> httpx.Response:
        await self.place.admitted.wait()
        self.upstream = await self.ask()
        return self.upstream

    async def _break_off(self, send: Send, message: str) -> None:
        error = json.dumps({"error": {"message": message, "code": "unavailable"}}).encode()
        if self.has_started and self.is_stream:
            await self._body(send, b"\n\ndata: " + error + b"\n\n")
        elif self.has_started:
            return  # half of a JSON text: the missing end says it
        else:
            await self._start(send, 503, "application/json")
            await self._body(send, error)
        await send({"type": "http.response.body", "body": b""})

    async def _start(self, send: Send, status: int, content_type: str) -> None:
        if not self.has_started:
            self.has_started = True
            headers = [(b"content-type", content_type.encode()), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": status, "headers": headers})

    async def _body(self, send: Send, block: bytes) -> None:
        await send({"type": "http.response.body", "body": block, "more_body": True})


async def left(receive: Receive) -> None:
    """Ends when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def stopped(*tasks: asyncio.Future[Any]) -> None:
    """Cancel, and wait until they have closed what they held."""
    for task in _running(*tasks):
        task.cancel()
    if left := set(_running(*tasks)):
        await asyncio.wait(left)


def _running(*tasks: asyncio.Future[Any]) -> Iterator[asyncio.Future[Any]]:
    return (task for task in tasks if not task.done())
