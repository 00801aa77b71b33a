"""What a ranking and a set of answers are worth. Pure arithmetic: a number and how far chance may have moved it."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLED = 2_000
_SEED = 20261


@dataclass(frozen=True)
class Mean:
    """`low` to `high` is the 95 % interval by bootstrap over the questions, the same at every run."""

    value: float
    low: float
    high: float
    number: int

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})" if self.number else "nothing to measure"


def ndcg(relevant: Collection[str], ranked: Sequence[str], depth: int = 10) -> float:
    """Normalised discounted cumulative gain with a gain of 1 for each relevant one (Järvelin and Kekäläinen, 2002)."""
    gained = sum(1 / math.log2(place + 1) for place, one in enumerate(ranked[:depth], 1) if one in relevant)
    ideal = sum(1 / math.log2(place + 1) for place in range(1, min(len(relevant), depth) + 1))
    return gained / ideal if ideal else 0.0


def recall(relevant: Collection[str], ranked: Sequence[str], depth: int) -> float:
    return len(set(ranked[:depth]) & set(relevant)) / len(relevant) if relevant else 0.0


def hit(relevant: Collection[str], ranked: Sequence[str], depth: int) -> float:
    """1 where any is found: of documents that each answer a question one is enough, which `recall` does not say."""
    return float(any(one in relevant for one in ranked[:depth]))


def reciprocal_rank(relevant: Collection[str], ranked: Sequence[str]) -> float:
    """0 where none is among them."""
    return next((1 / place for place, one in enumerate(ranked, 1) if one in relevant), 0.0)


def mean(values: Sequence[float]) -> Mean:
    if not values:
        return Mean(0.0, 0.0, 0.0, 0)
    row = np.asarray(values, dtype=np.float64)
    drawn = np.random.default_rng(_SEED).integers(0, row.size, size=(RESAMPLED, row.size))
    low, high = np.quantile(row[drawn].mean(axis=1), (0.025, 0.975))
    return Mean(float(row.mean()), float(low), float(high), row.size)


def gain(before: Sequence[float], after: Sequence[float]) -> Mean:
    """The mean of what each question gained; above chance where its interval leaves out 0. ValueError for other lengths."""
    return mean([new - old for old, new in zip(before, after, strict=True)])
