"""A reader before an engine of slots that the tests can hold up and look into."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import numpy as np

from inference.worker import kept
from inference.worker.engines.base import Address
from inference.worker.reading import Reader
from inference.worker.slots import Reading, SlotDoor


@dataclass
class Engine:
    """Slots as llama-server has them: what a slot holds is read on from wherever it is alike, whoever's it is."""

    slots: list[list[int]]
    shelf: str = ""
    reads: list[tuple[int, int, int]] = field(default_factory=list)  # slot, from, to
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    step: asyncio.Event = field(default_factory=asyncio.Event)  # ends what it has begun with
    fault: httpx.HTTPError | None = None
    address: Address = field(default_factory=lambda: Address("http://e", "key"))

    def engine(self) -> Address:
        return self.address

    async def read(
        self, slot: int, prompt: list[int], *, is_anew: bool = False, begun: asyncio.Event | None = None
    ) -> int:
        await self.gate.wait()
        await asyncio.sleep(0)
        if begun is not None and self.fault is None:
            begun.set()
            await self.step.wait()
        if self.fault is not None:
            raise self.fault
        known = 0 if is_anew else kept.alike(kept.tokens(self.slots[slot]), kept.tokens(prompt))
        self.reads.append((slot, known, len(prompt)))
        self.slots[slot] = list(prompt)
        return len(prompt) - known

    async def save(self, slot: int, name: str) -> tuple[int, int]:
        content = np.asarray(self.slots[slot], dtype=np.int32).tobytes()
        Path(self.shelf, name).write_bytes(content)
        return len(self.slots[slot]), len(content)

    async def restore(self, slot: int, name: str) -> int:
        self.slots[slot] = np.frombuffer(Path(self.shelf, name).read_bytes(), dtype=np.int32).tolist()
        return len(self.slots[slot])

    async def erase(self, slot: int) -> None:
        self.slots[slot] = []


class Desk:
    def __init__(self, slots: int = 4, most: int = 1 << 20) -> None:
        self.engine = Engine([[] for _ in range(slots)])
        self.reader = Reader(cast("SlotDoor", self.engine), slots, most)
        self.engine.shelf = self.reader.held.keeping.shelf.path
        self.ended: list[str] = []

    def ask(
        self, name: str, prompt: list[int], key: str = "one", *, is_streamed: bool = False
    ) -> tuple[Reading, asyncio.Task[int]]:
        reading = Reading(key, kept.tokens(prompt), is_streamed=is_streamed)

        async def read() -> int:
            slot = await self.reader.read(reading)
            self.ended.append(name)
            return slot

        return reading, asyncio.create_task(read())

    async def begin(self, reading: Reading) -> None:
        """The engine comes to a streamed answer, and reads of its prompt what was left to it."""
        assert reading.slot is not None
        prompt = [int(token) for token in reading.tokens[: reading.until]]
        await self.engine.read(reading.slot.number, prompt, is_anew=reading.is_anew)
        self.reader.begin(reading)
        await settled()

    async def read(self, prompt: list[int], key: str = "one") -> Reading:
        """Read, answered in no words, and left."""
        reading, task = self.ask("", prompt, key)
        await task
        self.reader.leave(reading)
        await settled()
        return reading


async def settled() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


def run(meet: Callable[[Desk], Coroutine[Any, Any, None]], **sizes: int) -> None:
    async def with_desk() -> None:
        desk = Desk(**sizes)
        desk.engine.gate.set()
        desk.engine.step.set()
        try:
            await meet(desk)
        finally:
            desk.reader.close()

    asyncio.run(with_desk())


def prompt_of(begin: int, length: int, tail: int = 0) -> list[int]:
    return [*range(begin, begin + length), *range(90_000 + tail * 1000, 90_000 + tail * 1000 + 50 * bool(tail))]
