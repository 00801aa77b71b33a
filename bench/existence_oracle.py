"""Does a refusal tell that there is something? The same request for an id that is somebody else's, and for one of nobody.

    python -m bench.existence_oracle [--tries 500] [--only PART] [--who "no grant"]

Every route that takes an id, of the portal and of the API, read and written to. The two requests take turns, and which of them
is first changes each time. Of each pair: the status and whether body, headers and statements are the same; the median of either
in milliseconds and the gap between the medians, with its 95 % interval from 1,000 resamples. Exits 1 where anything differs or a
gap is over the bar.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import random
import statistics
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench import demo_database

if TYPE_CHECKING:
    from django.test import Client

    from tests.assistant.oracle import Pair

BAR_MS = 5.0
RESAMPLES = 1_000


@dataclass(frozen=True)
class Told:
    """Milliseconds. `differs` names what is not the same."""

    pair: Pair
    status: int
    differs: str
    theirs: float
    nothing: float
    low: float
    high: float

    @property
    def gap(self) -> float:
        return self.theirs - self.nothing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=500, help="of each of the two")
    parser.add_argument("--only", default="", help="routes whose name has this in it")
    parser.add_argument("--every", type=int, default=1, help="each so many-th pair")
    parser.add_argument("--who", default="no grant", choices=("no grant", "revoked", "other tenant"))
    asked = parser.parse_args()
    os.environ["CHANCERY_CHAT_RUNNER"] = "inference.runners.scripted.ScriptedChat"
    os.environ["CHANCERY_EMBEDDING_RUNNER"] = "inference.runners.scripted.ScriptedEmbedder"
    os.environ["CHANCERY_HOSTS"] = "localhost,127.0.0.1,testserver"
    demo_database.prepare()
    logging.disable(logging.WARNING)
    from tests.assistant import oracle, test_matrix

    stage = test_matrix.furnished(contextlib.nullcontext())
    wanted = [pair for pair in oracle.pairs(stage) if asked.only in pair.name][:: asked.every]
    told = []
    for pair in wanted:
        told.append(look(stage.callers[asked.who].of(pair.theirs), pair, asked.tries))
        show(told[-1])
    worst = max(told, key=lambda one: abs(one.gap))
    different = [one for one in told if one.differs]
    over = [one for one in told if abs(one.gap) > BAR_MS]
    print(
        f"{len(told)} pairs of {asked.tries} tries each, as {asked.who}: {len(different)} differ, {len(over)} over {BAR_MS} ms"
    )
    print(f"worst: {worst.pair.name} {worst.pair.verb}, {worst.gap:+.2f} ms [{worst.low:+.2f}, {worst.high:+.2f}]")
    return 1 if different or over else 0


def look(client: Client, pair: Pair, tries: int) -> Told:
    from tests.assistant import oracle

    theirs, nothing = oracle.seen(client, pair.verb, pair.theirs), oracle.seen(client, pair.verb, pair.nothing)
    took: dict[str, list[float]] = {pair.theirs: [], pair.nothing: []}
    for number in range(tries):
        first, second = (pair.theirs, pair.nothing) if number % 2 else (pair.nothing, pair.theirs)
        for address in (first, second):
            took[address].append(_took(client, pair.verb, address))
    low, high = interval(took[pair.theirs], took[pair.nothing])
    medians = [statistics.median(took[address]) for address in (pair.theirs, pair.nothing)]
    return Told(pair, theirs.status, theirs.differs(nothing), medians[0], medians[1], low, high)


def _took(client: Any, verb: str, address: str) -> float:
    began = time.perf_counter()
    response = getattr(client, verb)(address)
    if response.streaming:
        b"".join(response.streaming_content)
    return (time.perf_counter() - began) * 1000


def interval(theirs: list[float], nothing: list[float]) -> tuple[float, float]:
    """Of the gap between the medians, at 95 %."""
    chance = random.Random(8)
    gaps = sorted(
        statistics.median(chance.choices(theirs, k=len(theirs)))
        - statistics.median(chance.choices(nothing, k=len(nothing)))
        for _ in range(RESAMPLES)
    )
    return gaps[int(0.025 * RESAMPLES)], gaps[int(0.975 * RESAMPLES)]


def show(one: Told) -> None:
    print(
        f"{one.pair.name:<32} {one.pair.verb:<6} {one.status}  {one.theirs:7.2f} {one.nothing:7.2f} ms"
        f"  gap {one.gap:+6.2f} [{one.low:+6.2f}, {one.high:+6.2f}]  {one.differs or 'the same'}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
