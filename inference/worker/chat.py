"""One chat at the worker: whose it is, what may be known of it beforehand, and how far it has come."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from governance.errors import InvalidInput
from inference.worker import kept
from inference.worker.counted import Counted
from inference.worker.engines.base import Address
from inference.worker.queue import FairQueue, Place
from inference.worker.reading import Reader
from inference.worker.slots import Reading

BYTES_A_TOKEN = 4  # about, of the request as it was sent
# OpenAI's word and llama-server's: a second answer takes a slot that the worker gives to others.
SEVERAL = ("n", "n_cmpl")
OURS = ("id_slot", "n_cache_reuse")  # which slot it gets, and what of that is gone on from, is the worker's to say


@dataclass(frozen=True)
class Ask:
    """`key` says with whom what is read of this prompt may be shared; `within_s` is the longest wait for the answer.

    `is_alone` asks for the deterministic lane: nothing runs beside it, and nothing is gone on from. Of what is not `is_kept`
    nobody goes on.
    """

    told: dict[str, Any]
    share: str
    key: str
    within_s: float
    size: int
    is_alone: bool = False
    is_kept: bool = True

    @property
    def is_stream(self) -> bool:
        return self.told.get("stream") is True  # anything else the engine refuses


def read(
    body: bytes,
    share: str,
    key: str,
    within: str,
    within_most_s: float,
    *,
    is_alone: bool = False,
    is_kept: bool = True,
) -> Ask:
    """Raises InvalidInput. Without a key of its own, a person shares with nobody."""
    try:
        told = json.loads(body)
        within_s = min(within_most_s, float(within or within_most_s))
        if not isinstance(told, dict) or not within_s > 0:
            raise ValueError(body[:10])
        # As it is sent on: no NaN, no half of a character.
        json.dumps(told, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, TypeError, RecursionError):
        raise InvalidInput("The body has to be a JSON object, and X-Chancery-Deadline a number of seconds.") from None
    if any(told.get(name) not in (None, 1) for name in SEVERAL):  # a tuple: what is told may be a list
        raise InvalidInput("One answer at a time: ask once for each.")
    for name in OURS:
        told.pop(name, None)
    whose = hashlib.sha256((f"key {key}" if key else f"share {share}").encode()).hexdigest()
    if is_alone:
        told["cache_prompt"] = False
    return Ask(told, share, whose, within_s, len(body) // BYTES_A_TOKEN, is_alone, is_kept)


class Stay(Protocol):
    """A model's in memory. `comes` says that it is not there now, and will be for whoever waits."""

    @property
    def comes(self) -> bool: ...

    async def hold(self) -> None:
        """Until it is there, where it then stays until `release`. Raises Unavailable."""

    def release(self) -> None: ...


class Always:
    """Of the one model of a worker: it is there, or its engine is being started again."""

    comes = False

    async def hold(self) -> None:
        return

    def release(self) -> None:
        return


@dataclass
class Chat:
    """Its way through the queue and the reading to the engine. `reader` is None before an engine without open slots."""

    ask: Ask
    place: Place
    queue: FairQueue
    reader: Reader | None
    client: httpx.AsyncClient
    engine: Callable[[], Address | None]
    window: int
    lane: str = ""  # how the deterministic lane reckons here
    stay: Stay = field(default_factory=Always)
    reading: Reading | None = None
    is_held: bool = False

    async def open(self) -> httpx.Response:
        """The engine's answer, once it is this one's turn. Raises httpx.HTTPError where the engine is away, Unavailable
        where the model cannot be loaded."""
        await self.place.admitted.wait()
        await self.stay.hold()
        self.is_held = True
        self.place.began = time.monotonic()  # a model's loading is no part of what an answer typically takes
        told = self.ask.told
        if self.reader is not None:
            tokens = await self._tokens(self.reader)
            is_streamed = self.ask.is_stream and len(tokens) > 0
            self.reading = Reading(self.ask.key, tokens, self.ask.is_alone, is_streamed, self.ask.is_kept)
            told = told | {"id_slot": await self.reader.read(self.reading)}
            if self.reading.is_anew:
                told["cache_prompt"] = False
        engine = self.engine()
        if engine is None:
            raise httpx.ConnectError("the engine is loading")
        headers = {"Authorization": f"Bearer {engine.key}", "X-Chancery-Cache": self.ask.key}
        url = f"{engine.url}/v1/chat/completions"
        answer = await self.client.send(self.client.build_request("POST", url, json=told, headers=headers), stream=True)
        # Neither what is refused or left before it begins, nor the one word of a text that is judged.
        self.place.is_typical = answer.is_success and self.ask.is_kept
        if self.reader is not None and self.reading is not None and answer.is_success:
            self.reader.begin(self.reading)  # a stream's head comes when the engine is at it, and not before
        return answer

    async def _tokens(self, reader: Reader) -> kept.Tokens:
        """Empty for what is to be read as it comes: what the engine will refuse, or was told not to keep."""
        if self.ask.told.get("cache_prompt") is False:
            return kept.tokens(())
        try:
            tokens = await reader.held.door.prompt(self.ask.told)
        except httpx.HTTPStatusError:
            return kept.tokens(())
        return kept.tokens(tokens if len(tokens) < self.window else ())

    def leave(self) -> None:
        """However it ended. To be called once, when the line to the engine is closed."""
        if self.reader is not None and self.reading is not None:
            self.reader.leave(self.reading)
        if self.is_held:
            self.stay.release()
        self.queue.leave(self.place)

    def standing(self) -> str:
        """For whoever waits: the place and the wait in the line, or how far the prompt has been read."""
        if position := self.queue.position(self.place):
            return f"waiting {position} wait_s={self.queue.wait_s(position)}"
        if not self.is_held:
            return "loading"
        if self.reader is None or self.reading is None or self.reading.ended.is_set():
            return "reading"
        wait_s = self.reader.expected_s(self.reading)
        return f"reading {self.reading.read} of {len(self.reading.tokens)} wait_s={wait_s}"

    def counted(self) -> Counted:
        """How the engine's count is put right, and what the engine does not know of the wait."""
        reading = self.reading if self.reading is not None and len(self.reading.tokens) else None
        began = reading.began if reading is not None else self.place.began
        line_ms = max(0, round((began - self.place.came) * 1000))
        lane = self.lane if self.ask.is_alone else ""
        cached = reading.cached if reading is not None else None
        return Counted(cached, line_ms, is_stream=self.ask.is_stream, lane=lane)
