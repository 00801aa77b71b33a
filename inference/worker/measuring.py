"""How fast this machine reads and writes with a model: what `manage.py size --measure` takes a minute for."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx

from inference.registry import Model
from inference.sizing import Machine, Speed
from inference.worker import engines
from inference.worker.engines.base import EngineSettings, Served, await_ready
from inference.worker.kept import Shelf
from inference.worker.slots import SlotDoor

TOGETHER = 8
READ, WRITTEN = 512, 48  # tokens
TIMEOUT = httpx.Timeout(600.0, connect=3.0)


def measure(model: Model, path: Path, on: Machine, threads: int) -> Speed:
    """Raises Unavailable where the engine does not come up. Let nothing else run meanwhile."""
    shelf = Shelf()
    settings = EngineSettings(threads, TOGETHER, 2 * READ, model.name, shelf.path)
    served = engines.chosen("xllamacpp").serve(path, settings)
    try:
        await_ready(served)
        reads, writes, together = asyncio.run(_measured(served))
    finally:
        served.stop()
        shelf.close()
    when = time.strftime("%Y-%m-%d")
    return Speed(
        model.name, on.cores, on.instructions, round(reads, 1), round(writes, 1), round(together, 1), on.processor, when
    )


async def _measured(served: Served) -> tuple[float, float, float]:
    async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
        door = SlotDoor(client, lambda: served.address)
        await _write(client, served, 0)  # the file's pages are read, the threads are there
        text = " ".join(f"Section {number} of the report names {number * 7} cases." for number in range(READ))
        prompt = (await door.prompt({"messages": [{"role": "user", "content": text}]}))[:READ]
        began = time.monotonic()
        read = await door.read(1, prompt)
        reads = read / (time.monotonic() - began)
        writes = await _write(client, served, 0)
        began = time.monotonic()
        await asyncio.gather(*(_write(client, served, slot) for slot in range(TOGETHER)))
        together = TOGETHER * WRITTEN / (time.monotonic() - began)
    return reads, writes, together


async def _write(client: httpx.AsyncClient, served: Served, slot: int) -> float:
    """Tokens a second, from the first one on."""
    body: dict[str, Any] = {
        "messages": [{"role": "user", "content": f"{slot}: Tell a long story of a lighthouse."}],
        "max_tokens": WRITTEN,
        "id_slot": slot,
        "stream": True,
    }
    headers = {"Authorization": f"Bearer {served.address.key}"}
    times: list[float] = []
    url = f"{served.address.url}/v1/chat/completions"
    async with client.stream("POST", url, json=body, headers=headers) as answer:
        async for line in answer.aiter_lines():
            times += [time.monotonic()] * ('"content":"' in line)
    return (len(times) - 1) / max(1e-3, times[-1] - times[0])
