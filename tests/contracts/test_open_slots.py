"""What the worker takes for granted of an engine whose slots are open: how it labels what it keeps depends on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from inference.worker import engines
from inference.worker.engines.base import EngineSettings, await_ready
from inference.worker.kept import Shelf
from inference.worker.slots import SlotDoor
from tests.inference import tiny_gguf

PROMPT = [ord(letter) + 3 for letter in "What stands in the slot is known to the worker alone. " * 4]  # a token a byte
LONG = 1500  # tokens written

Meet = Callable[[SlotDoor], Coroutine[Any, Any, None]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gguf.write(tmp_path_factory.mktemp("model") / "tiny.gguf", says=b"abcdefghijklmnopqrstuvwxyz ,.")


def _meet(model: Path, meet: Meet) -> None:
    shelf = Shelf()
    served = engines.chosen("xllamacpp").serve(model, EngineSettings(1, 2, tiny_gguf.WINDOW, "tiny", shelf.path))

    async def with_door() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=120.0) as client:
            await meet(SlotDoor(client, lambda: served.address))

    try:
        await_ready(served)
        asyncio.run(with_door())
    finally:
        served.stop()
        shelf.close()


@dataclass
class Answer:
    head: asyncio.Event = field(default_factory=asyncio.Event)
    events: int = 0
    read: int = 0  # tokens of its prompt

    async def take(self, door: SlotDoor, slot: int, most: int, prompt: list[int] = PROMPT) -> None:
        engine = door.engine()
        assert engine is not None
        told = {"prompt": prompt, "n_predict": most, "stream": True, "id_slot": slot, "ignore_eos": True}
        headers = {"Authorization": f"Bearer {engine.key}"}
        async with door.client.stream("POST", f"{engine.url}/completion", json=told, headers=headers) as answer:
            assert answer.is_success
            self.head.set()
            async for line in answer.aiter_lines():
                if line.startswith("data: {"):
                    self.events += 1
                    self.read = json.loads(line[6:]).get("timings", {}).get("prompt_n", 0)

    async def until(self, events: int) -> None:
        while self.events < events:
            await asyncio.sleep(0)


def test_the_head_of_a_stream_comes_when_the_engine_is_at_it_and_not_before(model: Path) -> None:
    """Else the worker would take for read what the slot holds of another's."""

    async def meet(door: SlotDoor) -> None:
        first, second = Answer(), Answer()
        writing = asyncio.create_task(first.take(door, 0, LONG))
        await first.until(1)
        waiting = asyncio.create_task(second.take(door, 0, 4))
        await first.until(LONG - 100)
        assert not second.head.is_set()
        await asyncio.gather(writing, waiting)
        assert second.head.is_set()

    _meet(model, meet)


def test_what_is_asked_of_a_busy_slot_is_put_off_until_it_is_free(model: Path) -> None:
    async def meet(door: SlotDoor) -> None:
        answer, shelf = Answer(), Shelf()
        writing = asyncio.create_task(answer.take(door, 0, 200))
        await answer.until(1)
        saved, _ = await door.save(0, shelf.take())
        assert saved == len(PROMPT) + 199  # the last token that was written is not read any more
        await writing
        shelf.close()

    _meet(model, meet)


@pytest.mark.parametrize(("is_anew", "read"), [(False, 1), (True, len(PROMPT))])
def test_what_a_slot_holds_is_gone_on_from_unless_it_is_to_be_read_anew(model: Path, is_anew: bool, read: int) -> None:
    async def meet(door: SlotDoor) -> None:
        assert await door.read(0, PROMPT) == len(PROMPT)
        assert await door.read(0, PROMPT, is_anew=is_anew) == read

    _meet(model, meet)


def test_a_chunk_says_when_the_engine_begins_with_it_and_what_is_asked_of_its_slot_goes_on_from_there(
    model: Path,
) -> None:
    """Else the answer would be asked for before anything of its prompt is read, or wait for a step without it."""
    prompt = (PROMPT * 5)[:1000]

    async def meet(door: SlotDoor) -> None:
        other, answer, begun = Answer(), Answer(), asyncio.Event()
        writing = asyncio.create_task(other.take(door, 1, LONG))
        await other.until(1)
        chunk = asyncio.create_task(door.read(0, prompt[:-100], begun=begun))
        await begun.wait()
        began = other.events
        asking = asyncio.create_task(answer.take(door, 0, 4, prompt))
        assert await chunk == len(prompt) - 100
        assert other.events - began >= 2  # steps that the chunk took, in each of which the other got a token
        await asyncio.gather(asking, writing)
        assert answer.read == 100

    _meet(model, meet)
