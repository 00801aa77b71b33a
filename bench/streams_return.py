"""Readers who lose their line and come back, again and again: are they told the same bytes, and is nothing written twice?"""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench import record_stand, streams_client, streams_ground, streams_model
from bench.streams_ground import Reader

ANSWERS, LOSERS = 4, 12  # readers of each answer who lose their line; one more does not
LOST = 0.5  # the chance that a line is lost at an event


@dataclass
class Read:
    """`raw` are the events of segments and the end, joined."""

    raw: bytes = b""
    returns: int = 0
    chance: random.Random = field(default_factory=random.Random)


async def begun(url: tuple[str, int], reader: Reader) -> uuid.UUID:
    """A question whose asker leaves at once, which the answer does not mind."""
    headers = {"Authorization": f"Bearer {reader.key}", "Content-Type": "application/json"}
    body = json.dumps({"question": streams_ground.QUESTION, "stream": True}).encode()
    async with streams_client.opened(url, "/api/v1/answers", headers, body) as stream:
        first = await anext(stream.events())
        return uuid.UUID(json.loads(first.data)["id"])


async def read(url: tuple[str, int], reader: Reader, answer: uuid.UUID, found: Read, lost: float) -> Read:
    seen, is_over = 0, False
    while not is_over:
        headers = {"Cookie": f"chancery_session={reader.session}", "Last-Event-ID": str(seen)}
        async with streams_client.opened(url, f"/a/{answer}/stream", headers) as stream:
            async for block in stream.events():
                if block.name in {"segment", "done"}:
                    found.raw += block.raw
                    seen, is_over = block.number, block.name == "done"
                if not is_over and found.chance.random() < lost:
                    break
        found.returns += not is_over
    return found


async def read_all(
    url: tuple[str, int], asked: Sequence[tuple[Reader, uuid.UUID]], seed: int
) -> list[tuple[Read, list[Read]]]:
    async def of(number: int, reader: Reader, answer: uuid.UUID) -> tuple[Read, list[Read]]:
        losers = [Read(chance=random.Random(f"{seed}/{number}/{one}")) for one in range(LOSERS)]
        whole, *parts = await asyncio.gather(
            read(url, reader, answer, Read(), 0.0), *(read(url, reader, answer, one, LOST) for one in losers)
        )
        return whole, parts

    return list(await asyncio.gather(*(of(number, *pair) for number, pair in enumerate(asked))))


def run(wanted: int, seed: int) -> bool:
    """So many returns at the least."""
    tenants = [streams_ground.tenant(f"return{number}", 2, 40, 4) for number in range(2)]
    readers = [reader for one in tenants for reader in one.readers]
    returns = differing = asks = again = 0
    with record_stand.serving(
        "streams", "assistant.asgi:application", "assistant", 0, "bench.streams_model.Long"
    ) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        while returns < wanted:
            written, asked = streams_model.counted()
            answers = [(one, asyncio.run(begun((host, int(port)), one))) for one in readers[:ANSWERS]]
            found = asyncio.run(read_all((host, int(port)), answers, seed + asks))
            late = asyncio.run(read_all((host, int(port)), answers, seed - 1 - asks))  # once it has ended
            for live, ended in zip(found, late, strict=True):
                returns += sum(one.returns for one in (*live[1], *ended[1]))
                differing += sum(one.raw != live[0].raw for one in (*live[1], ended[0], *ended[1]))
            now_written, now_asked = streams_model.counted()
            asks += len(answers)
            again += (now_asked - asked - len(answers)) + (
                now_written - written - len(answers) * streams_model.Long.tokens()
            )
    print(
        f"{returns} returns at random places of {asks} answers: {differing} readers were told other bytes; {again} tokens again"
    )
    return not differing and not again
