"""What stands before the engine: the key, the queue, health and metrics. Tokens pass through untouched."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from governance.errors import Busy, InvalidInput
from inference.worker import chat, warming
from inference.worker.chat import Always, Ask, Chat, Stay
from inference.worker.engines.base import Address
from inference.worker.queue import FairQueue, Place
from inference.worker.reading import Reader
from inference.worker.relay import Manner, Relay
from inference.worker.slots import SlotDoor

log = logging.getLogger(__name__)

TIMEOUT = httpx.Timeout(600.0, connect=3.0)
GLANCE_S = 0.2
AGAIN_S = 5.0  # after which what every prompt begins with is tried again, where the queue was full or the engine failed
STUCK_S = 600.0  # for one step of the engine, of some 300 tokens: whoever waits has been told by then that it broke off
ONCE_MORE_S = 60.0
LANE = "deterministic"
NOTHING = "nothing"  # is to be kept of it


@dataclass
class Front:
    """`engine` is None while it loads or has crashed; `told` is what /v1/models says of the model.

    `kept_bytes` bounds what is kept of prompts, 0 before an engine whose slots are its own affair. `within_s` is the
    longest that any answer is waited for, `warm` what every prompt begins with, each twice and to be read up to where
    the two differ. `lane` says by what the deterministic lane reckons here; empty where the engine has none. `stay` is
    what the model's being in memory depends on. An engine that is `stuck` makes no step any longer.
    """

    key: str
    told: dict[str, Any]
    queue: FairQueue
    manner: Manner = field(default_factory=Manner)
    kept_bytes: int = 0
    within_s: float = 600.0
    warm: tuple[warming.Pair, ...] = ()
    lane: str = ""
    engine: Address | None = None
    stuck: Address | None = None
    stay: Stay = field(default_factory=Always)

    def __post_init__(self) -> None:
        # No connection is kept: an engine closes idle ones when it likes, and a request that meets that has failed.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self.client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, limits=limits)
        door = SlotDoor(self.client, lambda: self.engine)
        self.reader = Reader(door, self.queue.slots, self.kept_bytes) if self.kept_bytes else None
        self.registry = CollectorRegistry()
        self.asked = Counter("chancery_model_requests", "Requests by outcome", ["outcome"], registry=self.registry)
        depth = Gauge("chancery_model_waiting", "Requests that wait for a slot", registry=self.registry)
        depth.set_function(lambda: self.queue.depth)
        running = Gauge("chancery_model_running", "Requests in a slot", registry=self.registry)
        running.set_function(lambda: self.queue.running)
        slots = Gauge("chancery_model_slots", "Requests that may run at once", registry=self.registry)
        slots.set(self.queue.slots)
        kept_bytes = Gauge("chancery_model_kept_bytes", "Of prompts that were read", registry=self.registry)
        kept_bytes.set_function(lambda: self.reader.held.keeping.size if self.reader else 0)
        begins = Gauge("chancery_model_warming", "Whether prompts' beginnings are being read", registry=self.registry)
        begins.set_function(lambda: self._is_warming)
        self._warmed: Address | None = None

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/health", self.health),
                Route("/metrics", self.metrics),
                Route("/v1/models", self.models),
                Route("/tokenize", self.tokenize, methods=["POST"]),
                Route("/v1/chat/completions", self.chat, methods=["POST"]),
            ],
            lifespan=self.life,
        )

    @contextlib.asynccontextmanager
    async def life(self, app: Starlette) -> AsyncIterator[None]:
        watches = [asyncio.create_task(one) for one in (self._keep_warm(), self._watch())]
        try:
            yield
        finally:
            for one in watches:
                one.cancel()
            if self.reader is not None:
                self.reader.close()

    @property
    def _is_warming(self) -> bool:
        """An engine has come up, and what every prompt begins with has not been read by it yet."""
        return bool(self.reader and self.warm and self.engine) and self.engine is not self._warmed

    async def _keep_warm(self) -> None:
        """What every prompt begins with is read once, when an engine has come up; who asks meanwhile goes on from it."""
        while self.reader is not None and self.warm:
            engine, wait_s = self.engine, GLANCE_S
            if engine is not None and self._is_warming:
                try:
                    await self._through_the_queue(self.reader)
                    self._warmed = engine
                except (httpx.HTTPError, Busy) as fault:
                    log.warning("what every prompt begins with could not be read: %s", fault)
                    wait_s = AGAIN_S
            await asyncio.sleep(wait_s)

    async def _watch(self) -> None:
        """While anything is under way: an engine that is merely slow says between two steps what stands in its slots."""
        while self.reader is not None:
            await asyncio.sleep(AGAIN_S)
            engine = self.engine
            if engine is None or engine is self.stuck or not self.queue.running:
                continue
            # Once more, for one that was halted together with the worker: the time has run out for it all the same.
            if await self._is_silent(engine, STUCK_S) and await self._is_silent(engine, ONCE_MORE_S):
                log.error("the engine has made no step for %s s", STUCK_S)
                self.stuck = engine

    async def _is_silent(self, engine: Address, within_s: float) -> bool:
        try:
            await self.client.get(f"{engine.url}/slots", headers=_headers(engine), timeout=within_s)
        except httpx.TimeoutException:
            return engine is self.engine
        except httpx.HTTPError:
            return False  # whatever that is, it is not silence
        return False

    async def _through_the_queue(self, reader: Reader) -> None:
        for pair in self.warm:
            place = self.queue.enter("")
            try:
                await place.admitted.wait()
                await warming.read(reader, pair)
            except httpx.HTTPStatusError as fault:  # as it would be again: by its template, say
                log.warning("what prompts begin with was refused: %s", fault)
            finally:
                self.queue.leave(place)

    async def health(self, request: Request) -> Response:
        state = "ok" if self.engine else "loading"
        return JSONResponse({"status": state}, status_code=200 if self.engine else 503)

    async def metrics(self, request: Request) -> Response:
        return refused(request, self.key) or Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

    async def models(self, request: Request) -> Response:
        if answer := refused(request, self.key):
            return answer
        return JSONResponse({"object": "list", "data": [self.told]}) if self.engine else loading()

    async def tokenize(self, request: Request) -> Response:
        engine = self.engine
        if answer := refused(request, self.key):
            return answer
        if engine is None:
            return loading()
        body, headers = await request.body(), _headers(engine)
        try:
            told = await self.client.post(f"{engine.url}/tokenize", content=body, headers=headers)
        except httpx.HTTPError:
            return loading()
        return Response(told.content, told.status_code, media_type="application/json")

    async def chat(self, request: Request) -> Response | Relay:
        if answer := refused(request, self.key):
            return answer
        if self.engine is None and not self.stay.comes:
            return loading()
        told = request.headers
        share, key = told.get("X-Chancery-Share", ""), told.get("X-Chancery-Cache", "")
        try:
            is_alone = bool(self.lane) and told.get("X-Chancery-Lane") == LANE
            is_kept = told.get("X-Chancery-Keep") != NOTHING
            within = told.get("X-Chancery-Deadline", "")
            body = await request.body()
            ask = chat.read(body, share, key, within, self.within_s, is_alone=is_alone, is_kept=is_kept)
            place = self._enter(ask)
        except InvalidInput as fault:
            return error(400, fault.code, fault.message)
        except Busy as fault:
            self._count("busy")
            return error(429, fault.code, fault.message, position=fault.position, wait_s=fault.wait_s)
        one = Chat(
            ask, place, self.queue, self.reader, self.client, lambda: self.engine, self._window, self.lane, self.stay
        )
        return Relay(one, self._count, self.manner, is_stream=ask.is_stream, within_s=ask.within_s)

    def _enter(self, ask: Ask) -> Place:
        """Who would wait for longer than they will is told so at once."""
        place = self.queue.enter(ask.share, ask.size, is_alone=ask.is_alone)
        position = self.queue.position(place)
        wait_s = self.queue.wait_s(position)
        if position and wait_s > ask.within_s:
            self.queue.leave(place)
            raise Busy("It would take longer than you want to wait.", position=position, wait_s=wait_s)
        return place

    @property
    def _window(self) -> int:
        return int(self.told.get("context_window", 0))

    def _count(self, outcome: str) -> None:
        self.asked.labels(outcome).inc()


def refused(request: Request, key: str) -> Response | None:
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    if hmac.compare_digest(sent, key.encode()):
        return None
    return error(401, "invalid_api_key", "The model worker's key is wrong.")


def _headers(engine: Address) -> dict[str, str]:
    return {"Authorization": f"Bearer {engine.key}", "Content-Type": "application/json"}


def loading() -> JSONResponse:
    told = {"message": "The model is loading. Try again in a moment.", "code": "unavailable"}
    return JSONResponse({"error": told}, 503, {"Retry-After": "5"})


def error(status: int, code: str, message: str, **more: Any) -> JSONResponse:
    headers = {"Retry-After": str(max(1, round(more["wait_s"])))} if "wait_s" in more else {}
    return JSONResponse({"error": {"message": message, "code": code} | more}, status, headers)
