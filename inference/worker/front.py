"""What stands before the engine: the key, the queue, health and metrics. Tokens pass through untouched."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from typing import Any

import httpx
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from governance.errors import Busy
from inference.worker.engines.base import Address
from inference.worker.queue import FairQueue
from inference.worker.relay import Relay

TIMEOUT = httpx.Timeout(600.0, connect=3.0)


@dataclass
class Front:
    """`engine` is None while it loads or has crashed; `told` is what /v1/models says of the model.

    `beat_s` and `stamps` are those of `Relay`.
    """

    key: str
    told: dict[str, Any]
    queue: FairQueue
    beat_s: float = 5.0
    stamps: bool = False
    engine: Address | None = None

    def __post_init__(self) -> None:
        # No connection is kept: an engine closes idle ones when it likes, and a request that meets that has failed.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self.client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, limits=limits)
        self.registry = CollectorRegistry()
        self.asked = Counter("chancery_model_requests", "Requests by outcome", ["outcome"], registry=self.registry)
        depth = Gauge("chancery_model_waiting", "Requests that wait for a slot", registry=self.registry)
        depth.set_function(lambda: self.queue.depth)
        running = Gauge("chancery_model_running", "Requests in a slot", registry=self.registry)
        running.set_function(lambda: self.queue.running)
        slots = Gauge("chancery_model_slots", "Requests that may run at once", registry=self.registry)
        slots.set(self.queue.slots)

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
        return JSONResponse({"object": "list", "data": [self.told]}) if self.engine else _loading()

    async def tokenize(self, request: Request) -> Response:
        engine = self.engine
        if refused := self._refused(request):
            return refused
        if engine is None:
            return _loading()
        body, headers = await request.body(), _headers(engine)
        try:
            answer = await self.client.post(f"{engine.url}/tokenize", content=body, headers=headers)
        except httpx.HTTPError:
            return _loading()
        return Response(answer.content, answer.status_code, media_type="application/json")

    async def chat(self, request: Request) -> Response | Relay:
        if refused := self._refused(request):
            return refused
        if self.engine is None:
            return _loading()
        body = await request.body()
        try:
            is_stream = bool(json.loads(body).get("stream"))
            place = self.queue.enter(request.headers.get("X-Chancery-Share", ""))
        except (ValueError, AttributeError):
            return _error(400, "invalid_input", "The body has to be a JSON object.")
        except Busy as fault:
            self._count("busy")
            return _error(429, fault.code, fault.message, position=fault.position, wait_s=fault.wait_s)
        return Relay(
            self.queue,
            place,
            lambda: self._open(body),
            self._count,
            is_stream=is_stream,
            beat_s=self.beat_s,
            stamps=self.stamps,
        )

    def _count(self, outcome: str) -> None:
        self.asked.labels(outcome).inc()

    async def _open(self, body: bytes) -> httpx.Response:
        engine = self.engine
        if engine is None:
            raise httpx.ConnectError("the engine is loading")
        url = f"{engine.url}/v1/chat/completions"
        return await self.client.send(
            self.client.build_request("POST", url, content=body, headers=_headers(engine)), stream=True
        )

    def _refused(self, request: Request) -> Response | None:
        sent = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        if hmac.compare_digest(sent, self.key.encode()):
            return None
        return _error(401, "invalid_api_key", "The model worker's key is wrong.")


def _headers(engine: Address) -> dict[str, str]:
    return {"Authorization": f"Bearer {engine.key}", "Content-Type": "application/json"}


def _loading() -> JSONResponse:
    error = {"message": "The model is loading. Try again in a moment.", "code": "unavailable"}
    return JSONResponse({"error": error}, 503, {"Retry-After": "5"})


def _error(status: int, code: str, message: str, **more: Any) -> JSONResponse:
    headers = {"Retry-After": str(max(1, round(more["wait_s"])))} if "wait_s" in more else {}
    return JSONResponse({"error": {"message": message, "code": code} | more}, status, headers)
