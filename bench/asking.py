"""Questions put to a running stack by several people at once, as its API's clients, with the time of all that comes."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench.stack import Stack


@dataclass
class Heard:
    """One answer as its client saw it. `segments` are (monotonic seconds, text)."""

    share: str
    question: str
    began: float
    ended: float = 0.0
    status: str = ""
    answer: str = ""
    segments: list[tuple[float, str]] = field(default_factory=list)


def questions() -> list[str]:
    """Those of the demo handbook that each of its staff can have answered."""
    from assistant.demo import material

    return [
        one.question
        for one in material.questions()
        if one.tenant == "halden" and one.kind in {"plain", "lookalike"} and one.document.startswith("company/")
    ]


def ask(stack: Stack, stream: int, question: str) -> Heard:
    """One question, from its request to the last event."""
    share, client = stack.asker(stream)
    heard = Heard(share, question, time.monotonic())
    with client.stream("POST", "/api/v1/answers", json={"question": question, "stream": True}) as response:
        response.raise_for_status()
        for stamp, event, told in events(response):
            heard.ended = stamp
            if event == "segment":
                heard.segments.append((stamp, told["text"]))
            elif event in {"status", "done"}:
                heard.status, heard.answer = told["status"], told["id"]
    return heard


def ask_all(stack: Stack, streams: int, wanted: Sequence[str]) -> list[Heard]:
    """All of them, `streams` at a time: each stream is one person, who asks the next when the last is answered."""
    for stream in range(streams):
        stack.asker(stream)

    def one_stream(stream: int) -> list[Heard]:
        return [ask(stack, stream, question) for question in wanted[stream::streams]]

    with ThreadPoolExecutor(streams) as pool:
        return [heard for lot in pool.map(one_stream, range(streams)) for heard in lot]


def events(response: httpx.Response) -> Any:
    """(monotonic seconds, event, data) as each becomes whole."""
    rest, event = b"", ""
    for block in response.iter_raw():
        stamp = time.monotonic()
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            if line.startswith(b"event: "):
                event = line.removeprefix(b"event: ").decode()
            elif line.startswith(b"data: "):
                yield stamp, event, json.loads(line.removeprefix(b"data: "))
