"""One chat on its way: a place in the queue, the engine's bytes untouched, and the client's leaving noticed throughout."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
from starlette.types import Receive, Scope, Send

from governance.errors import ChanceryError
from inference.worker.counted import Counted
from inference.worker.queue import Place

EVENTS = "text/event-stream"
FIRST_S = 1.0  # until who asked is first told where they stand: what waits is not to be counted as read
BROKE_OFF = "broke_off"  # it was at this one when it went down, and may go down over it again


class TooLate(Exception):
    """Nobody waits for it any longer, or will be served."""

    def __init__(self, status: int, error: dict[str, Any]) -> None:
        super().__init__(status)
        self.status, self.error = status, error


class Chat(Protocol):
    """As `inference.worker.chat.Chat`."""

    @property
    def place(self) -> Place: ...

    def open(self) -> Awaitable[httpx.Response]: ...

    def standing(self) -> str: ...

    def counted(self) -> Counted: ...

    def leave(self) -> None: ...


@dataclass
class Manner:
    """How a worker relays. `stopping` is set once it takes no more and lets nobody wait any longer.

    `stamps` puts the monotonic time at which the engine's bytes came before them, as a comment: for measuring.
    """

    beat_s: float = 5.0
    stamps: bool = False
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


class Relay:
    """An ASGI response. Whatever ends it closes the engine's connection, which frees the engine's slot, and the place.

    While a streamed answer has nothing to show yet, comments tell the client soon, and then every `beat_s` seconds, that it
    stands in the queue, and where, or that its prompt is being read: a silent line would be taken for a dead one.
    """

    def __init__(
        self, chat: Chat, ended: Callable[[str], None], manner: Manner, *, is_stream: bool, within_s: float
    ) -> None:
        self.chat, self.ended, self.manner = chat, ended, manner
        self.is_stream = is_stream
        self.until = time.monotonic() + within_s
        self.upstream: httpx.Response | None = None
        self.has_started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        passing = asyncio.ensure_future(self._pass(send))
        leaving = asyncio.ensure_future(left(receive))
        try:
            await asyncio.wait({passing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            self.ended(passing.result() if passing.done() else "gone")
        finally:
            try:
                await stopped(passing, leaving)
                if self.upstream is not None:
                    with contextlib.suppress(httpx.HTTPError):
                        await self.upstream.aclose()
            finally:
                self.chat.leave()  # whatever closing the line comes to: a place that is kept is nobody's any more

    async def _pass(self, send: Send) -> str:
        try:
            upstream = await self._patiently(send)
            if self.has_started and not upstream.is_success:
                await self._body(send, b"data: " + await upstream.aread() + b"\n\n")
            else:
                await self._start(send, upstream.status_code, upstream.headers.get("Content-Type", ""))
                await self._bytes(send, upstream)
        except httpx.HTTPError as fault:
            code = "unavailable" if isinstance(fault, httpx.ConnectError) else BROKE_OFF
            error = {"message": f"The engine broke off: {type(fault).__name__}.", "code": code}
            await self._break_off(send, 503, error)
            return "failed"
        except ChanceryError as fault:
            await self._break_off(send, fault.status, {"message": fault.message, "code": fault.code})
            return "failed"
        except TooLate as fault:
            await self._break_off(send, fault.status, fault.error)
            return "late"
        await send({"type": "http.response.body", "body": b""})
        return "served"

    async def _bytes(self, send: Send, upstream: httpx.Response) -> None:
        counted, stamps = self.chat.counted() if upstream.is_success else None, self.manner.stamps and self.is_stream
        ends_event = stamps
        async for raw in upstream.aiter_raw():
            block = counted.feed(raw) if counted else raw
            if block:
                stamp = b": emitted %.6f\n\n" % time.monotonic() if ends_event else b""
                await self._body(send, stamp + block)
                ends_event = stamps and block.endswith(b"\n\n")
        if counted and (block := counted.finish()):
            await self._body(send, block)

    async def _patiently(self, send: Send) -> httpx.Response:
        asking = asyncio.ensure_future(self._ask())
        stopping = asyncio.ensure_future(self.manner.stopping.wait())
        try:
            while not asking.done():
                self._still(stopping)
                # Whoever has been admitted is answered, also when the worker is about to stop.
                awaited = {asking} if self.chat.place.admitted.is_set() else {asking, stopping}
                beat_s = self.manner.beat_s if self.has_started else min(FIRST_S, self.manner.beat_s)
                timeout = min(beat_s, self._left_s())
                await asyncio.wait(awaited, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
                if self.is_stream and self._left_s() and not (asking.done() or stopping.done()):
                    await self._start(send, 200, EVENTS)
                    await self._body(send, f": {self.chat.standing()}\n\n".encode())
            return asking.result()
        finally:
            await stopped(asking, stopping)

    def _still(self, stopping: asyncio.Future[Any]) -> None:
        """Raises TooLate where it is no use to wait any longer."""
        if stopping.done() and not self.chat.place.admitted.is_set():
            raise TooLate(
                503, {"message": "The model worker is being stopped. Try again in a moment.", "code": "unavailable"}
            )
        if not self._left_s():
            message = "The model has more to do than fits into the time that was given. Try again in a minute."
            raise TooLate(429, {"message": message, "code": 429, "wait_s": 1.0})

    def _left_s(self) -> float:
        return max(0.0, self.until - time.monotonic())

    async def _ask(self) -> httpx.Response:
        self.upstream = await self.chat.open()
        return self.upstream

    async def _break_off(self, send: Send, status: int, told: dict[str, Any]) -> None:
        error = json.dumps({"error": told}).encode()
        if self.has_started and self.is_stream:
            await self._body(send, b"\n\ndata: " + error + b"\n\n")
        elif self.has_started:
            return  # half of a JSON text: the missing end says it
        else:
            await self._start(send, status, "application/json")
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


async def unless(ended: asyncio.Event, asked: Coroutine[Any, Any, int]) -> int | None:
    """What was asked for, or None once it has `ended` without it: the line is closed then, which the engine notices."""
    asking = asyncio.ensure_future(asked)
    try:
        await either(asking, ended)
        return asking.result() if asking.done() else None
    finally:
        await stopped(asking)


async def either(asking: asyncio.Future[Any], *events: asyncio.Event) -> None:
    """Until it is done, or the first of these comes."""
    signs = [asyncio.ensure_future(one.wait()) for one in events]
    try:
        await asyncio.wait({asking, *signs}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await stopped(*signs)


async def stopped(*tasks: asyncio.Future[Any]) -> None:
    """Cancel, and wait until they have closed what they held."""
    for task in _running(*tasks):
        task.cancel()
    if left := set(_running(*tasks)):
        await asyncio.wait(left)


def _running(*tasks: asyncio.Future[Any]) -> Iterator[asyncio.Future[Any]]:
    return (task for task in tasks if not task.done())
