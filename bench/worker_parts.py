"""What is asked of each server in `bench.worker_load`, and what is measured of it."""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Callable, Coroutine
from typing import Any

import httpx

from bench.worker_servers import LLAMA_SERVER, OURS, Answered, Server, file_of
from inference import registry
from inference.worker import engines, slots
from inference.worker.engines.base import CHUNK, EngineSettings, await_ready
from inference.worker.kept import Shelf

PEOPLE = 8
WORDS = (
    "the of and to in is was for on are as with they at be this have from or one had by word but not what all were we "
    "when your can said there use an each which she do how their if will up other about out many then them these so some "
    "her would make like him into time has look two more write go see number no way could people my than first water been "
    "call who oil its now find long down day did get come made may part report office travel leave budget contract policy"
)
CHATS_BETWEEN = 20
SHARED_S = 90.0


class Texts:
    """Of common words, so that a word is about a token; no two begin alike."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.words = chance, WORDS.split()

    def of(self, tokens: int) -> str:
        words = [self.chance.choice(self.words) for _ in range(max(4, tokens - 24))]
        for at in range(9, len(words), 12):
            words[at] += "."
        return f"{self.chance.choice(self.words).title()} {self.chance.choice(self.words)} {' '.join(words)}."


async def _together(
    server: Server, asked: list[tuple[str, str]], most: int, shares: list[str] | None = None
) -> tuple[list[Answered], float]:
    """`asked` is what each prompt begins with, and the rest. Seconds until the last of them has ended."""
    shares = shares or [f"t{number}/p{number}" for number in range(len(asked))]
    async with server.client() as client:
        began = time.monotonic()
        told = await asyncio.gather(
            *(
                server.ask(client, rest, most, share, share.partition("/")[0], beginning)
                for (beginning, rest), share in zip(asked, shares, strict=True)
            )
        )
    return list(told), time.monotonic() - began


def _figures(name: str, told: list[Answered], seconds: float) -> dict[str, float]:
    firsts = sorted(one.first for one in told)
    return {
        f"{name} answers/s": len(told) / seconds,
        f"{name} first token, median s": statistics.median(firsts),
        f"{name} first token, p95 s": firsts[min(len(firsts) - 1, round(0.95 * len(firsts)))],
    }


async def distinct(server: Server, texts: Texts, asked: argparse.Namespace) -> dict[str, float]:
    told, seconds = await _together(server, [("", texts.of(asked.tokens)) for _ in range(PEOPLE)], asked.written)
    return _figures("distinct", told, seconds)


def _crowd(texts: Texts, tokens: int) -> tuple[list[str], list[str]]:
    """What each person's prompts begin with, and whose share it is: four people of each of two tenants."""
    tenants = [texts.of(tokens * 3 // 4) for _ in range(2)]
    return [tenants[number % 2] for number in range(PEOPLE)], [f"t{number % 2}/p{number}" for number in range(PEOPLE)]


async def burst(server: Server, texts: Texts, asked: argparse.Namespace) -> dict[str, float]:
    beginnings, shares = _crowd(texts, asked.tokens)
    told, seconds = await _together(
        server, [(one, texts.of(asked.tokens // 4)) for one in beginnings], asked.written, shares
    )
    return _figures("burst", told, seconds) | {"burst cached": statistics.mean(one.cached for one in told)}


async def steady(server: Server, texts: Texts, asked: argparse.Namespace) -> dict[str, float]:
    beginnings, shares = _crowd(texts, asked.tokens)
    await _together(server, [(one, texts.of(asked.tokens // 4)) for one in beginnings], 8, shares)
    questions = [[texts.of(asked.tokens // 4) for _ in range(asked.questions)] for _ in beginnings]

    async def person(client: httpx.AsyncClient, number: int) -> list[Answered]:
        share = shares[number]
        return [
            await server.ask(client, one, asked.written, share, share.partition("/")[0], beginnings[number])
            for one in questions[number]
        ]

    async with server.client() as client:
        began = time.monotonic()
        told = await asyncio.gather(*(person(client, number) for number in range(PEOPLE)))
        seconds = time.monotonic() - began
    return _figures("steady", [one for few in told for one in few], seconds)


async def first(server: Server, texts: Texts, asked: argparse.Namespace) -> dict[str, float]:
    lengths = {
        "4 of 256": [256] * 4,
        "8 of 256": [256] * 8,
        "4 of 512": [512] * 4,
        "8 of 512": [512] * 8,
        "8 mixed": [128, 1024, 256, 512, 128, 768, 256, 512],
    }
    found = {}
    for name, sizes in lengths.items():
        told, _ = await _together(server, [("", texts.of(size)) for size in sizes], 16)
        found[f"first token, {name}"] = statistics.mean(one.first for one in told)
    return found


async def alone(server: Server, texts: Texts, asked: argparse.Namespace) -> dict[str, float]:
    """One prompt at a time, nothing of it read before, and one after a beginning that was: milliseconds until its first
    token for each token of it that is new. Of llama-server, of how long its engine says it read: that is the raw rate."""
    found: dict[str, float] = {}
    async with server.client() as client:
        for size in (256, 512, 1024):
            told = await server.ask(client, texts.of(size), 4, "t0/p0", "t0")
            found[f"alone, {size}, ms a new token"] = _ms_a_new_token(server, told)
        beginning = texts.of(512)
        await server.ask(client, texts.of(64), 4, "t0/p0", "t0", beginning)
        told = await server.ask(client, texts.of(384), 4, "t0/p0", "t0", beginning)
        found["alone, 384 after 512, ms a new token"] = _ms_a_new_token(server, told)
    return found


def _ms_a_new_token(server: Server, told: Answered) -> float:
    seconds = told.first if server.name == OURS else told.reading
    assert seconds is not None, "llama-server tells its timings"
    return 1000 * seconds / (told.prompt - told.cached)


async def behind(server: Server, texts: Texts, asked: argparse.Namespace) -> dict[str, float]:
    long, short = texts.of(asked.long), texts.of(60)
    async with server.client() as client:
        under_way = asyncio.ensure_future(server.ask(client, long, 4, "t0/p0", "t0"))
        await asyncio.sleep(2.0)
        told = await server.ask(client, short, 16, "t1/p1", "t1")
        read = await under_way
    return {"short behind long": told.first, "the long one itself": read.first, "long tokens": read.prompt}


async def follow(server: Server, texts: Texts, asked: argparse.Namespace) -> dict[str, float]:
    conversation = texts.of(600)
    async with server.client() as client:
        cold = await server.ask(client, "Well?", 4, "t0/p0", "t0", conversation)
        for number in range(CHATS_BETWEEN):
            await server.ask(client, texts.of(200), 4, f"t{number}/p9", f"t{number}")
        warm = await server.ask(client, "Well? And then?", 4, "t0/p0", "t0", conversation)
    return {"follow-up, s": warm.first, "cold, s": cold.first, "follow-up ÷ cold": warm.first / cold.first}


async def shares(server: Server, texts: Texts, asked: argparse.Namespace) -> dict[str, float]:
    """A tenant of 16 people who ask all the time, and one of 8: what each gets while both ask."""
    until, written = time.monotonic() + SHARED_S, {"t0": 0, "t1": 0}

    async def person(client: httpx.AsyncClient, tenant: str, number: int) -> None:
        while (left := until - time.monotonic()) > 0:
            told = await server.ask(client, texts.of(64), 32, f"{tenant}/p{number}", tenant)
            written[tenant] += sum(one < left for one in told.times)

    async with server.client() as client:
        crowd = [person(client, "t1" if number % 3 == 2 else "t0", number) for number in range(24)]
        await asyncio.gather(*crowd)
    return {"unequal shares": abs(written["t0"] - written["t1"]) / max(written.values())}


async def cancel(server: Server, texts: Texts, asked: argparse.Namespace) -> dict[str, float]:
    """Of our engine itself, whose key nobody is told: as the worker starts it, and asks it."""
    engine, path, shelf = engines.chosen("xllamacpp"), file_of(asked.model), Shelf()
    served = engine.serve(path, EngineSettings(asked.threads, 2, 4096, registry.resolve(asked.model).name, shelf.path))
    try:
        await asyncio.to_thread(await_ready, served)
        async with httpx.AsyncClient(trust_env=False, timeout=600.0) as client:
            door = slots.SlotDoor(client, lambda: served.address)
            return {
                "tokens after a stop": await _written_after(client, door),
                "steps after a stop": await _read_after(client, door, texts),
            }
    finally:
        served.stop()


async def _state(client: httpx.AsyncClient, door: slots.SlotDoor) -> dict[str, object]:
    engine = door.engine()
    headers = {"Authorization": f"Bearer {engine.key if engine else ''}"}
    found = (await client.get(f"{engine.url if engine else ''}/slots", headers=headers)).json()
    return dict(next(one for one in found if one["id"] == 0))


async def _idle(client: httpx.AsyncClient, door: slots.SlotDoor) -> dict[str, object]:
    while (state := await _state(client, door))["is_processing"]:
        await asyncio.sleep(0.005)
    return state


async def _written_after(client: httpx.AsyncClient, door: slots.SlotDoor) -> float:
    engine = door.engine()
    body = {
        "messages": [{"role": "user", "content": "Tell a long story of a lighthouse."}],
        "max_tokens": 400,
        "stream": True,
        "id_slot": 0,
    }
    headers, seen = {"Authorization": f"Bearer {engine.key if engine else ''}"}, 0
    url = f"{engine.url if engine else ''}/v1/chat/completions"
    async with client.stream("POST", url, json=body, headers=headers) as answer:
        async for line in answer.aiter_lines():
            seen += line.startswith("data: {") and '"content":"' in line
            if seen == 20:
                break
    await _idle(client, door)
    saved, _ = await door.save(0, Shelf().take())
    prompt = len(await door.prompt({"messages": body["messages"]}))
    return float(max(0, saved + 1 - prompt - seen))


async def _read_after(client: httpx.AsyncClient, door: slots.SlotDoor, texts: Texts) -> float:
    """Steps of a chunk that go on being read, by the clock: the time of one is taken first."""
    prompt = (await door.prompt({"messages": [{"role": "user", "content": texts.of(3 * CHUNK)}]}))[: 3 * CHUNK]
    began = time.monotonic()
    await door.read(0, prompt[:CHUNK])
    step_s = time.monotonic() - began
    reading = asyncio.ensure_future(door.read(0, prompt[: 2 * CHUNK]))
    await asyncio.sleep(step_s / 4)
    reading.cancel()
    gone = time.monotonic()
    await asyncio.wait({reading})
    await _idle(client, door)
    return (time.monotonic() - gone) / step_s


PARTS: dict[str, Callable[[Server, Texts, argparse.Namespace], Coroutine[Any, Any, dict[str, float]]]] = {
    one.__name__: one for one in (distinct, burst, steady, first, alone, behind, follow, shares, cancel)
}
PAIR = [OURS, LLAMA_SERVER]
ASKED = {"behind": PAIR, "first": PAIR, "alone": PAIR, "shares": [OURS], "cancel": [OURS]}
