"""Several models of one worker, by the memory that is free: each is loaded when it is first asked for, and the one that was
unused for longest is let go when another is needed and not both fit. One that is in use never is.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from governance.errors import ChanceryError, NotFound, Unavailable
from inference import memory
from inference.worker.front import error, loading, refused
from inference.worker.relay import Relay
from inference.worker.resident import Resident

log = logging.getLogger(__name__)

ANY = ("", "default")  # what a client asks for that does not choose
COUNTED_WITHIN_S = 3.0  # that counting waits for a model to be loaded: who counts goes on with an estimate
GB = 2**30


class Pool:
    """`most` bytes for all models together, 0 for what is `free`. The first model answers whoever names none."""

    def __init__(self, key: str, models: Sequence[Resident], most: int, free: Callable[[], int] = memory.free) -> None:
        self.key, self.models, self.most, self._free = key, list(models), most, free
        self._moving = asyncio.Lock()
        self._changed = asyncio.Event()
        self.registry = CollectorRegistry()
        self.registry.register(_Named(self.models))
        self.loads = Counter("chancery_model_loads", "Times that it was loaded", ["model"], registry=self.registry)
        self.let_go = Counter("chancery_model_let_go", "For another's sake", ["model"], registry=self.registry)
        loaded = Gauge("chancery_model_loaded", "Whether it is in memory", ["model"], registry=self.registry)
        takes = Gauge("chancery_model_memory_bytes", "Reckoned, while loaded", ["model"], registry=self.registry)
        for one in self.models:
            one.bring, one.changed = self.bring, self._changed
            loaded.labels(one.name).set_function(partial(_is_loaded, one))
            takes.labels(one.name).set_function(partial(_reckoned, one))
            self.loads.labels(one.name)
            self.let_go.labels(one.name)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/health", self.health),
                Route("/metrics", self.metrics),
                Route("/v1/models", self.listed),
                Route("/tokenize", self.tokenize, methods=["POST"]),
                Route("/v1/chat/completions", self.chat, methods=["POST"]),
            ],
            lifespan=self._life,
        )

    async def end(self) -> None:
        """Every engine is gone then."""
        under_way = [one.bringing for one in self.models if one.bringing is not None]
        for bringing in under_way:
            bringing.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        for one in self.models:
            await one.stop()

    @contextlib.asynccontextmanager
    async def _life(self, app: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as lives:
            for one in self.models:
                await lives.enter_async_context(one.front.life(app))
            yield

    async def health(self, request: Request) -> Response:
        """Of the first model: well, too, where it was let go for another's sake."""
        is_well = _state(self.models[0]) != "loading"
        return JSONResponse({"status": "ok" if is_well else "loading"}, 200 if is_well else 503)

    async def metrics(self, request: Request) -> Response:
        return refused(request, self.key) or Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

    async def listed(self, request: Request) -> Response:
        if answer := refused(request, self.key):
            return answer
        rows = [one.front.told | {"state": _state(one)} for one in self.models]
        return JSONResponse({"object": "list", "data": rows})

    async def chat(self, request: Request) -> Response | Relay:
        if answer := refused(request, self.key):
            return answer
        try:
            return await (await self._asked(request)).front.chat(request)
        except NotFound as fault:
            return error(404, "model_not_found", fault.message)

    async def tokenize(self, request: Request) -> Response:
        if answer := refused(request, self.key):
            return answer
        try:
            one = await self._asked(request)
            await asyncio.wait_for(one.hold(), COUNTED_WITHIN_S)
        except NotFound as fault:
            return error(404, "model_not_found", fault.message)
        except TimeoutError:
            return loading()
        except ChanceryError as fault:
            return error(fault.status, fault.code, fault.message)
        try:
            return await one.front.tokenize(request)
        finally:
            one.release()

    async def _asked(self, request: Request) -> Resident:
        """The model that the request names. What is no JSON object is the first one's to refuse."""
        try:
            told: Any = json.loads(await request.body())
            wanted = told.get("model")
        except (ValueError, AttributeError, RecursionError):
            wanted = None
        if wanted is None or wanted in ANY:
            return self.models[0]
        found = next((one for one in self.models if one.name == wanted), None)
        if found is None:
            names = ", ".join(one.name for one in self.models)
            unknown = str(wanted)[:80].encode(errors="replace").decode()  # half of a character could not be sent back
            raise NotFound(f"This model worker serves {names}, and no model {unknown}.")
        return found

    async def bring(self, one: Resident) -> None:
        """Load it for those who wait for it, once room has been made. One model at a time is brought."""
        try:
            async with self._moving:
                if one.keeper is None:
                    path = await asyncio.to_thread(one.find)
                    if not await self._make_room(one):
                        return
                    self.loads.labels(one.name).inc()
                    await one.load(path)
                one.let_in()
        except ChanceryError as fault:
            log.error("%s", fault)
            one.refuse(fault)
        except OSError as fault:
            log.error("%s could not be loaded: %s", one.name, fault)
            one.refuse(Unavailable(f"{one.name} could not be loaded: {type(fault).__name__}."))
        finally:
            one.bringing = None

    async def _make_room(self, one: Resident) -> bool:
        """False where nobody waits for it any longer. Raises Unavailable where it would not fit alone.

        Where those that are unused do not make room enough, the others take nobody new until they do: else a model that
        is asked for without a break would keep another out for ever.
        """
        try:
            while (short := one.takes - self._room()) > 0:
                if not one.line:
                    return False
                others = sorted((other for other in self.models if other.keeper), key=lambda other: other.used_at)
                if short > sum(other.takes for other in others):
                    raise Unavailable(self._too_large(one, sum(other.takes for other in others)))
                unused = next((other for other in others if not other.running), None)
                if unused is not None:
                    log.info("%s is let go: %s needs the room", unused.name, one.name)
                    self.let_go.labels(unused.name).inc()
                    await unused.let_go()
                    continue
                for other in others:
                    other.is_closing, short = short > 0, short - other.takes
                self._changed.clear()
                await self._changed.wait()
            return True
        finally:
            for other in self.models:
                other.is_closing = False

    def _room(self) -> int:
        """Bytes that another model could have. What the loaded ones have not taken yet is theirs."""
        loaded = [one for one in self.models if one.keeper]
        room = self._free() - sum(one.untaken for one in loaded)
        return min(room, self.most - sum(one.takes for one in loaded)) if self.most else room

    def _too_large(self, one: Resident, others: int) -> str:
        slots, window, room = one.settings.slots, one.settings.window, max(0, self._room() + others)
        bound = f" CHANCERY_MODEL_MEMORY_MIB is {self.most // 2**20}." if self.most else ""
        return (
            f"{one.name} does not fit: with {slots} slots of {window} tokens it takes {one.takes / GB:.2f} GB of memory, and "
            f"{room / GB:.2f} GB can be had for it, with no other model loaded.{bound}"
        )


class _Named(Collector):
    """What each model's front measures, under one name with the model as a label."""

    def __init__(self, models: Sequence[Resident]) -> None:
        self.models = models

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for one in self.models:
            for found in one.front.registry.collect():
                family = families.setdefault(found.name, Metric(found.name, found.documentation, found.type))
                for sample in found.samples:
                    family.samples.append(sample._replace(labels={**sample.labels, "model": one.name}))
        yield from families.values()


def _is_loaded(one: Resident) -> float:
    return one.front.engine is not None


def _reckoned(one: Resident) -> float:
    return one.takes if one.keeper else 0


def _state(one: Resident) -> str:
    """`loading` refuses whoever asks; `on demand` has them wait until it is loaded."""
    if one.comes:
        return "on demand"
    return "ready" if one.front.engine else "loading"
