"""What the exact scan and graphs of collections cost by how much of a tenant is searched, and what graphs lose."""

from __future__ import annotations

import statistics
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bench import access_ground, intervals
from bench.access_ground import Ground, Material

LIMIT = 50  # as a search asks of the vectors
DEPTHS = (10, LIMIT)
# Collections, from the first large one on; the last amount is all that there is.
AMOUNTS = {"18,000": (2, 3), "38,000": (2, 4), "78,000": (2, 6), "138,000": (2, 9), "198,000": (2, 12)}


@dataclass
class Measured:
    """Milliseconds by turns, and of each question the share of the right rows, by depth."""

    exact: list[float] = field(default_factory=list)
    graphs: list[float] = field(default_factory=list)
    recall: dict[int, list[float]] = field(default_factory=lambda: {depth: [] for depth in DEPTHS})
    short: int = 0


def by_amount(ground: Ground, made: Material, rounds: int) -> dict[str, Measured]:
    """By the reader of everything; graphs are asked whatever the amount."""
    from inference import runners
    from ingestion.stores.pgvector import PgVector

    scope, name, told = ground.readers["100 %"], runners.embedder().name, {one: Measured() for one in AMOUNTS}
    ways = {"exact": PgVector(), "graphs": PgVector(graphs_from=1)}
    places = {one: ground.shelves[slice(*AMOUNTS[one])] for one in AMOUNTS}
    right = {one: nearest(ground, made, places[one], LIMIT) for one in AMOUNTS}
    for turn in range(rounds + 1):  # the first warms
        for at, query in enumerate(made.asked):
            for one, measured in told.items():
                for way, store in ways.items():
                    began = time.perf_counter()
                    hits = store.search(scope, name, query, places[one], LIMIT)
                    took = (time.perf_counter() - began) * 1000
                    if turn:
                        (measured.exact if way == "exact" else measured.graphs).append(took)
                    elif way == "graphs":
                        _judge(measured, [hit.chunk for hit in hits], right[one][at])
    return told


def _judge(measured: Measured, found: Sequence[uuid.UUID], right: Sequence[uuid.UUID]) -> None:
    measured.short += len(found) < len(right)
    for depth, shares in measured.recall.items():
        shares.append(len(set(found[:depth]) & set(right[:depth])) / depth)


def tell(told: dict[str, Measured]) -> None:
    print(f"\nthe nearest {LIMIT}, by the reader of everything, milliseconds, interleaved")
    for one, measured in told.items():
        recall = ", ".join(f"recall@{depth} {statistics.mean(of):.4f}" for depth, of in measured.recall.items())
        print(
            f"  {one:>7} chunks: exact p50 {intervals.of_median(measured.exact)}, graphs p50"
            f" {intervals.of_median(measured.graphs)}, {recall}, {measured.short} short",
            flush=True,
        )


def nearest(ground: Ground, made: Material, readable: Sequence[uuid.UUID], most: int) -> list[list[uuid.UUID]]:
    """By numpy, of what stands in these collections, to each question."""
    rows = np.concatenate([np.asarray(made.rows(ground.shelves.index(shelf))) for shelf in readable])
    near = made.vectors[rows] @ made.asked.T
    best = np.argsort(-near, axis=0)[:most]
    return [[access_ground.chunk(int(rows[place])) for place in column] for column in best.T]
