"""llama-server's own slots, what stands in them, and how they are told what to read and to keep."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import httpx

from inference.worker.engines.base import Address
from inference.worker.kept import COMMON, Kept, Tokens, alike, tokens


class State(Enum):
    IDLE = "idle"
    READING = "reading"  # or between two chunks
    WRITING = "writing"
    LEFT = "left"  # its answer is over, and what it holds has not been kept yet


@dataclass(eq=False)
class Slot:
    """`tokens` is what it is known to hold; `kept` the same where it is kept.

    It may hold more than is known of it, unless `is_empty`: what nobody knows of is never gone on from.
    """

    number: int
    state: State = State.IDLE
    key: str = COMMON
    tokens: Tokens = field(default_factory=lambda: tokens(()))
    kept: Kept | None = None
    is_kept: bool = True  # what it holds is, when it is left
    is_empty: bool = True
    used_at: float = 0.0

    def fill(self, reading: Reading) -> bool:
        """From now on it may hold what is read into it. Whether that begins at the first token, with nothing gone on from."""
        is_anew, self.is_empty = not (reading.read or self.is_empty), False
        return is_anew

    def hold(self, tokens: Tokens) -> None:
        """So much is known of it now, and is not kept."""
        self.tokens, self.kept = tokens, None

    def forget(self) -> None:
        self.hold(self.tokens[:0])


@dataclass(eq=False)
class Reading:
    """One prompt that is to be read. `cached` is how much of it was known, `read` how far it has come.

    Without tokens it is an empty slot that is asked for, for a request that is to be read as it comes; `is_alone` takes the
    first one, always the same. `begun` is set once the engine is at its answer, where that `is_streamed`, or it was left.
    """

    key: str
    tokens: Tokens
    is_alone: bool = False
    is_streamed: bool = False
    is_kept: bool = True  # for whoever goes on from it
    arrived: float = field(default_factory=time.monotonic)
    began: float = 0.0  # when its turn came
    slot: Slot | None = None
    source: Kept | None = None  # what it goes on from
    cached: int = 0
    read: int = 0
    is_anew: bool = False  # nothing of what its slot may hold is to be gone on from, by whoever asks for the answer
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    fault: httpx.HTTPError | None = None

    @property
    def until(self) -> int:
        """The last token is left to the answer: whatever is read, the engine begins to write at the token before."""
        return max(0, len(self.tokens) - 1)

    def in_common(self, other: Reading) -> int:
        """Tokens that need to be read but once for both."""
        return alike(self.tokens, other.tokens) if self.key == other.key else 0


@dataclass
class SlotDoor:
    """Every call raises httpx.HTTPError where the engine is away or refuses."""

    client: httpx.AsyncClient
    engine: Callable[[], Address | None]

    async def prompt(self, told: dict[str, Any]) -> list[int]:
        """The tokens that a chat request comes to, as the engine would read them."""
        text = (await self._post("/apply-template", told))["prompt"]
        found = await self._post("/tokenize", {"content": text, "add_special": True, "parse_special": True})
        return [int(token) for token in found["tokens"]]

    async def read(
        self, slot: int, prompt: list[int], *, is_anew: bool = False, begun: asyncio.Event | None = None
    ) -> int:
        """Have the slot read them, from where they differ from what it holds, or all. Returns how many it did read.

        `begun` is set once the engine is at it.
        """
        body = {"prompt": prompt, "n_predict": 0, "id_slot": slot, "cache_prompt": not is_anew}
        if begun is None:
            told = await self._post("/completion", body)
        else:
            told = await self._last("/completion", body | {"stream": True}, begun)
        return int(told["timings"]["prompt_n"])

    async def save(self, slot: int, name: str) -> tuple[int, int]:
        """(tokens, bytes) of what the slot holds, written to the place of that name."""
        told = await self._post(f"/slots/{slot}?action=save", {"filename": name})
        return int(told["n_saved"]), int(told["n_written"])

    async def restore(self, slot: int, name: str) -> int:
        return int((await self._post(f"/slots/{slot}?action=restore", {"filename": name}))["n_restored"])

    async def erase(self, slot: int) -> None:
        await self._post(f"/slots/{slot}?action=erase", {})

    async def _last(self, path: str, body: dict[str, Any], begun: asyncio.Event) -> dict[str, Any]:
        """The last event of a stream, whose head comes when the engine is at it, and not before."""
        answer = await self.client.send(self._request(path, body), stream=True)
        try:
            answer.raise_for_status()
            begun.set()
            events = [one for one in (await answer.aread()).split(b"\n") if one.startswith(b"data: {")]
        finally:
            await answer.aclose()
        told: dict[str, Any] = json.loads(events[-1].removeprefix(b"data: ")) if events else {}
        if "timings" not in told:
            raise httpx.ReadError("the engine broke off")
        return told

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.client.send(self._request(path, body))
        told: dict[str, Any] = answer.raise_for_status().json()
        return told

    def _request(self, path: str, body: dict[str, Any]) -> httpx.Request:
        engine = self.engine()
        if engine is None:
            raise httpx.ConnectError("the engine is loading")
        headers = {"Authorization": f"Bearer {engine.key}"}
        return self.client.build_request("POST", f"{engine.url}{path}", json=body, headers=headers)
