"""Django's ASGI application, in which an open stream holds no thread.

Django keeps a thread for each request until the last byte has left. A stream is open for minutes and computes in the loop.
"""

from __future__ import annotations

import asyncio
import io
import uuid
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation

from assistant import bodies, line
from assistant.middleware import faults
from governance.errors import Busy
from inference import limits


class Lane(Executor):
    """One thread, which is there while it is needed: what a request does in threads it does in one at a time."""

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(1, thread_name_prefix="request")
        return self._threads.submit(fn, *args, **kwargs)

    def rest(self) -> None:
        """Until the next call it has no thread. No call may be under way."""
        if self._threads is not None:
            self._threads.shutdown(wait=False)
            self._threads = None


class Handler(bodies.Bounded):
    """Whoever asks passes the line first: see `assistant.line`."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[asyncio.AbstractEventLoop, line.Line] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise ValueError(f"{scope['type']} is not spoken here.")
        client = line.PATHS.get(scope["path"]) if scope["method"] == "POST" else None
        if client is None:
            await self._serve(scope, receive, send)
            return
        request = ASGIRequest(scope, io.BytesIO())
        try:
            async with self._line().turn(line.credential(request.headers, request.COOKIES), client):
                await self._serve(scope, receive, send)
        except Busy as fault:
            await self.send_response(_refusal(request, fault), send)

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        lane = scope["chancery.lane"] = Lane()
        try:
            async with ThreadSensitiveContext(executor=lane):
                await self.handle(scope, receive, send)
        finally:
            lane.rest()

    def _line(self) -> line.Line:
        return self.lines.setdefault(asyncio.get_running_loop(), line.Line())

    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await super().run_get_response(request)
        if getattr(response, "is_async", False):
            await sync_to_async(connections.close_all)()  # in the lane: they are its thread's
            request.scope["chancery.lane"].rest()  # type: ignore[attr-defined]
        return response


def _refusal(request: ASGIRequest, fault: Busy) -> HttpResponse:
    """As it would look from within. Nobody has been asked who it is."""
    request.request_id = uuid.uuid4().hex  # type: ignore[attr-defined]
    request.caller = None  # type: ignore[attr-defined]
    with translation.override(translation.get_language_from_request(request)):
        response = faults.respond(request, fault)
    response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
    response["Content-Length"] = str(len(response.content))
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'"
    return response


def application() -> Handler:
    """With as many open files as it may have: each stream is one."""
    limits.lift_open_files()
    return Handler()
