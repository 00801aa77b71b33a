"""Tokens per second through the whole app ÷ those of the model worker alone: `python -m bench.tokens_kept`.

Both are asked the very same: the bodies that the app sent to the worker, with their seeds and bounds, are recorded in a
first round that does not count, and are what the worker alone is asked. A round is all questions at so many streams, from
the first request to the last answer's end. The rounds are interleaved, app worker worker app, and each pair gives a ratio.

Tokens are those that the engine read and wrote. Each prompt is read anew, as that of a question nobody has asked yet. With
`--cached` the engine finds every prompt in its cache and only writes: the app then has nothing to hide behind.

Bar: the median ratio at each number of streams, 0.97.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from bench import asking, stack
from bench.tape import Tape

BAR = 0.97


@dataclass(frozen=True)
class Round:
    written: int
    read: int  # prompt tokens that were not in the cache
    seconds: float

    @property
    def rate(self) -> float:
        return (self.written + self.read) / self.seconds

    def __str__(self) -> str:
        return f"{self.rate:.1f} tokens/s ({self.read} read, {self.written} written in {self.seconds:.1f} s)"


def of_app(running: stack.Stack, streams: int, wanted: Sequence[str]) -> Round:
    heard = asking.ask_all(running, streams, wanted)
    tapes = running.recorder.take()
    took = max(one.ended for one in heard) - min(one.began for one in heard)
    return Round(sum(map(_written, tapes)), sum(map(_read, tapes)), took)


def of_worker(running: stack.Stack, streams: int, bodies: Sequence[Tape]) -> Round:
    """The same, past the app and past the recorder: each stream is the client of one person again."""
    with ThreadPoolExecutor(streams) as pool:
        began = time.monotonic()
        told = list(pool.map(lambda stream: _replay(running, bodies[stream::streams]), range(streams)))
    flat = [tape for lot in told for tape in lot]
    return Round(sum(map(_written, flat)), sum(map(_read, flat)), max(tape.ended for tape in flat) - began)


def _replay(running: stack.Stack, recorded: Sequence[Tape]) -> list[Tape]:
    told = []
    for one in recorded:
        tape = Tape(one.share, one.body)
        headers = {"Authorization": f"Bearer {running.model_key}", "X-Chancery-Share": one.share}
        with (
            httpx.Client(timeout=600.0, trust_env=False, headers=headers) as client,
            client.stream("POST", f"{running.worker}/v1/chat/completions", json=one.body) as response,
        ):
            response.raise_for_status()
            for block in response.iter_raw():
                tape.hear(block)
        tape.ended = time.monotonic()
        told.append(tape)
    return told


def _written(tape: Tape) -> int:
    return int(tape.usage.get("completion_tokens", 0))


def _read(tape: Tape) -> int:
    details: dict[str, Any] = tape.usage.get("prompt_tokens_details") or {}
    return int(tape.usage.get("prompt_tokens", 0)) - int(details.get("cached_tokens") or 0)


def recorded(running: stack.Stack, streams: int, wanted: Sequence[str]) -> dict[str, Tape]:
    """What the app sends for each question, in the order of the questions; one that it refuses is left out."""
    running.recorder.take()
    heard = asking.ask_all(running, streams, wanted)
    tapes = running.recorder.take()
    answered = {one.question for one in heard if one.status == "answered"}
    return {question: _asking(question, tapes) for question in wanted if question in answered}


def _asking(question: str, tapes: Sequence[Tape]) -> Tape:
    return next(tape for tape in tapes if question in tape.body["messages"][-1]["content"])


def compare(running: stack.Stack, streams: int, wanted: Sequence[str], pairs: int) -> float:
    """Prints a line a pair, and returns the median ratio."""
    asked = recorded(running, streams, wanted)
    wanted, bodies = list(asked), list(asked.values())
    ratios = []
    for pair in range(pairs):
        if pair % 2 == 0:
            app = of_app(running, streams, wanted)
            worker = of_worker(running, streams, bodies)
        else:
            worker = of_worker(running, streams, bodies)
            app = of_app(running, streams, wanted)
        ratios.append(app.rate / worker.rate)
        print(f"{streams} streams, pair {pair + 1}: app {app}, worker {worker}, ratio {ratios[-1]:.3f}", flush=True)
    return statistics.median(ratios)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="", help="catalogue name or GGUF path")
    parser.add_argument("--pairs", type=int, default=4)
    parser.add_argument("--answers", type=int, default=24, help="in each round of many streams; 3 in one of 1")
    parser.add_argument("--streams", type=int, nargs="+", default=[8, 1])
    parser.add_argument("--cached", action="store_true", help="with every prompt in the engine's cache")
    asked = parser.parse_args()
    medians = {}
    with stack.running(asked.model) as running:
        running.recorder.reads_anew = not asked.cached
        print(stack.load())
        questions = asking.questions()
        for streams in asked.streams:
            amount = max(streams, asked.answers) if streams > 1 else min(3, asked.answers)
            medians[streams] = compare(running, streams, questions[:amount], asked.pairs)
        print(stack.load())
    for streams, median in medians.items():
        print(f"{streams} streams: median ratio {median:.3f}, bar {BAR}: {'held' if median >= BAR else 'MISSED'}")
    return 0 if min(medians.values()) >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
