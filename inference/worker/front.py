"""What stands before the engine: the key, the queue, health and metrics. Tokens pass through untouched."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from governance.errors import Busy
from inference.worker.engines.base import Address
from inference.worker.queue import FairQueue

TIMEOUT = httpx.Timeout(600.0, connect=3.0)
HEARTBEAT_S = 10.0


@dataclass
class Front:
    """`engine` is None while it loads or has crashed; `told` is what /v1/models says of the model."""

    key: str
    told: dict[str, Any]
    queue: FairQueue
    engine: Address | None = None

    def __post_init__(self) -> None:
        self.client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, limits=httpx.Limits(max_connections=None))
        self.registry = CollectorRegistry()
        self.asked = Counter("chancery_model_requests", "Requests by outcome", ["outcome"], registry=self.registry)
        depth = Gauge("chancery_model_waiting", "Requests that wait for a slot", registry=self.registry)
        depth.set_function(lambda: self.queue.depth)
        running = Gauge("chancery_model_running", "Requests in a slot", registry=self.registry)
        running.set_function(lambda: self.queue.running)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/health", self.health),
                Route("/metrics", self.metrics),
                Route("/v1/models", self.models),
                Route("/tokenize", self.tokenize, methods=["POST"]),
                Route("/v1/chat/completions", self.chat, methods=["POST"]),
            ]
        )

    async def health(self, request: Request) -> Response:
        state = "ok" if self.engine else "loading"
        return JSONResponse({"status": state}, status_code=200 if self.engine else 503)

    async def metrics(self, request: Request) -> Response:
        return self._refused(request) or Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

    async def models(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        return JSONResponse(
            {"object": "list", "data": [self.told]} if self.engine else _loading(), 200 if self.engine else 503
        )

    async def tokenize(self, request: Request) -> Response:
        if refused := self._refused(request) or self._absent():
            return refused
        answer = await self._engine_post("/tokenize", await request.body())
        return Response(answer.content, answer.status_code, media_type="application/json")

    async def chat(self, request: Request) -> Response:
        if refused := self._refused(request) or self._absent():
            return refused
        body, share = await request.body(), request.headers.get("X-Chancery-Share", "")
        turn = contextlib.AsyncExitStack()
        entering = asyncio.ensure_future(turn.enter_async_context(self.queue.turn(share)))
        try:
            await _unless_gone(request, entering)
            upstream = await _unless_gone(request, asyncio.ensure_future(self._open(body)))
        except Busy as fault:
            self.asked.labels("busy").inc()
            return _error(429, fault.code, fault.message, position=fault.position, wait_s=fault.wait_s)
        except _Gone:
            await turn.aclose()
            self.asked.labels("gone").inc()
            return Response(status_code=499)
        except httpx.HTTPError as fault:
            await turn.aclose()
            self.asked.labels("failed").inc()
            return _error(503, "unavailable", f"The engine broke off: {type(fault).__name__}.")
        self.asked.labels("served").inc()
        return _Passed(upstream, turn)

    async def _open(self, body: bytes) -> httpx.Response:
        engine = self.engine
        if engine is None:
            raise httpx.ConnectError("the engine is loading")
        url, headers = f"{engine.url}/v1/chat/completions", {"Authorization": f"Bearer {engine.key}"}
        request = self.client.build_request(
            "POST", url, content=body, headers=headers | {"Content-Type": "application/json"}
        )
        return await self.client.send(request, stream=True)

    async def _engine_post(self, path: str, body: bytes) -> httpx.Response:
        assert self.engine is not None  # noqa: S101  for the type checker: callers have asked _absent
        headers = {"Authorization": f"Bearer {self.engine.key}", "Content-Type": "application/json"}
        return await self.client.post(f"{self.engine.url}{path}", content=body, headers=headers)

    def _refused(self, request: Request) -> Response | None:
        sent = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        if hmac.compare_digest(sent, self.key.encode()):
            return None
        return _error(401, "invalid_api_key", "The model worker's key is wrong.")

    def _absent(self) -> Response | None:
        return None if self.engine else JSONResponse(_loading(), 503, {"Retry-After": "5"})


class _Gone(Exception):
    """The client has left."""


class _Passed(StreamingResponse):
    """The engine's bytes as they come; closing it, for whatever reason, closes the engine's side and frees the slot."""

    def __init__(self, upstream: httpx.Response, turn: contextlib.AsyncExitStack) -> None:
        self.upstream, self.turn = upstream, turn
        super().__init__(
            self._bytes(), upstream.status_code, media_type=upstream.headers.get("Content-Type", "application/json")
        )

    async def _bytes(self) -> AsyncIterator[bytes]:
        async for block in self.upstream.aiter_raw():
            yield block

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        except httpx.HTTPError:
            pass  # the engine died in mid-stream: the connection is cut, and the client sees an answer that broke off
        finally:
            with contextlib.suppress(Exception):
                await self.upstream.aclose()
            await self.turn.aclose()


async def _unless_gone(request: Request, work: asyncio.Future[Any]) -> Any:
    """The work's result. Where the client leaves first, the work is cancelled: reading a long prompt takes seconds."""
    gone = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError, httpx.HTTPError):
            await work
        raise _Gone
    finally:
        gone.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _loading() -> dict[str, Any]:
    return {"error": {"message": "The model is loading. Try again in a moment.", "code": "unavailable"}}


def _error(status: int, code: str, message: str, **more: Any) -> JSONResponse:
    headers = {"Retry-After": str(max(1, round(more["wait_s"])))} if "wait_s" in more else {}
    return JSONResponse({"error": {"message": message, "code": code} | more}, status, headers)
