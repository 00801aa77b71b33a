"""What waits for Valkey ends when it is told to, whatever it is doing at that moment."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest
import redis

from assistant.streams import doorbell, relay
from tests.assistant import serving

MOMENTS = 40  # turns of the loop: from before anything was sent until all of it was answered


async def is_left(task: asyncio.Task[Any]) -> bool:
    """Whether being told once is enough."""
    task.cancel()
    await asyncio.wait({task}, timeout=2 * doorbell.GLANCE_S)
    is_over = task.done()
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=doorbell.GLANCE_S)
    return is_over


class Deaf:
    """A client of Valkey that takes being cancelled for a fault of the network, as one may while it connects."""

    async def __aenter__(self) -> Deaf:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    def pubsub(self) -> Deaf:
        return self

    async def subscribe(self, *_: object) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise redis.TimeoutError from None


def test_a_doorbell_ends_when_it_is_told_to_even_while_it_connects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("redis.asyncio.Redis.from_url", lambda *_: Deaf())

    async def ended() -> bool:
        hearing = asyncio.ensure_future(doorbell.Doorbell()._hear())
        await asyncio.sleep(0)
        hearing.cancel()
        await asyncio.wait({hearing}, timeout=serving.PATIENCE_S)
        is_over = hearing.cancelled()
        hearing.cancel()
        return is_over

    assert asyncio.run(ended())


def test_a_doorbell_ends_at_whatever_moment_it_is_told_to() -> None:
    async def ended(turns: int) -> bool:
        hearing = asyncio.ensure_future(doorbell.Doorbell()._hear())
        for _ in range(turns):
            await asyncio.sleep(0)
        return await is_left(hearing)

    assert [turns for turns in range(MOMENTS) if not asyncio.run(ended(turns))] == []


def test_a_reader_who_leaves_while_it_rings_is_gone() -> None:
    async def gone(turns: int) -> bool:
        rung = doorbell.Rung()

        async def read() -> None:
            while True:
                async for _ in relay._live(uuid.uuid4(), 0, rung):
                    raise AssertionError("there is nothing to read")

        reading = asyncio.ensure_future(read())
        await asyncio.sleep(0)
        rung.ring(has_changed=False)
        for _ in range(turns):
            await asyncio.sleep(0)
        return await is_left(reading)

    assert [turns for turns in range(MOMENTS) if not asyncio.run(gone(turns))] == []
