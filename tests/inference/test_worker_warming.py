"""What every prompt begins with, where it cannot be read yet."""

from __future__ import annotations

import asyncio

import pytest

from inference.worker import front, warming
from inference.worker.engines.base import Address
from inference.worker.front import Front
from inference.worker.queue import FairQueue


def test_while_the_queue_is_full_it_is_tried_again_in_a_while_and_not_at_every_glance(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def meet() -> None:
        queue = FairQueue(1, most=0, most_a_share=1)
        queue.enter("somebody")
        full = Front(
            "key", {"id": "m"}, queue, kept_bytes=1 << 20, warm=warming.pairs(), engine=Address("http://e", "k")
        )
        async with full.life(full.app()):
            for _ in range(50):
                await asyncio.sleep(0)
        await full.client.aclose()

    monkeypatch.setattr(front, "GLANCE_S", 0.0)
    asyncio.run(meet())
    told = [one.getMessage() for one in caplog.records if one.name == front.__name__]
    assert told == ["what every prompt begins with could not be read: The model is busy. Try again in a while."]
