"""What every prompt begins with, read before anybody asks: the house's own words, which tell nothing of anybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inference import prompts
from inference.runners.base import Message
from inference.worker import kept
from inference.worker.reading import Reader
from inference.worker.slots import Reading

Pair = tuple[Sequence[Message], Sequence[Message]]


def pairs() -> tuple[Pair, ...]:
    """Two prompts of each template that have nothing in common but what the template puts first."""
    first, second = (prompts.Excerpt(1, "", "", text) for text in ("1", "2"))
    return (
        (prompts.answer("1", [first]).messages, prompts.answer("2", [second]).messages),
        (prompts.model_only("1").messages, prompts.model_only("2").messages),
        (prompts.judge("1", "1").messages, prompts.judge("2", "2").messages),
    )


async def read(reader: Reader, pair: Pair) -> None:
    """Raises httpx.HTTPError where the engine failed."""
    one, other = [kept.tokens(await reader.held.door.prompt(_told(messages))) for messages in pair]
    length = kept.alike(one, other)
    if length < kept.LEAST:
        return
    reading = Reading(kept.COMMON, one[: length + 1])  # of which the last is not read
    await reader.read(reading)
    reader.leave(reading)


def _told(messages: Sequence[Message]) -> dict[str, Any]:
    return {"messages": [{"role": message.role, "content": message.content} for message in messages]}
