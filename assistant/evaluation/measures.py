"""What a ranking and a set of answers are worth. Pure arithmetic: a number and how far chance may have moved it."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

RESAMPLED = 2_000
_SEED = 20261
_Z = 1.96  # 95 %
_THROWN_ALL = 12  # signs: 4,096 ways of throwing them


@dataclass(frozen=True)
class Mean:
    """`low` to `high` is the 95 % interval, the same at every run: by Wilson where each value is 0 or 1, else by bootstrap over
    the questions.
    """

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
    # Drawn again, values that are all alike stay so, and a few of 0 and 1 nearly: as if nothing else could come. Of a share
    # between the two Wilson says too much rather than too little: nothing between 0 and 1 is spread as wide as these.
    is_bounded = _is_binary(row) or (_are_shares(row) and bool(np.all(row == row[0])))
    low, high = wilson(float(row.sum()), row.size) if is_bounded else _resampled(row)
    return Mean(float(row.mean()), low, high, row.size)


def gain(before: Sequence[float], after: Sequence[float]) -> Mean:
    """The mean of what each question gained; above chance where its interval leaves out 0, and `chance` says so too. By
    Newcombe where each value is 0 or 1. ValueError for other lengths.
    """
    moved = np.asarray([new - old for old, new in zip(before, after, strict=True)], dtype=np.float64)
    if not moved.size:
        return Mean(0.0, 0.0, 0.0, 0)
    then, now = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if _is_binary(then) and _is_binary(now):
        low, high = _newcombe(then, now)
    elif _are_shares(then) and _are_shares(now) and not moved.any():
        high = wilson(0, moved.size)[1]  # of how many questions it may yet change something, and each by 1 at most
        low = -high
    else:
        low, high = _resampled(moved)
    return Mean(float(moved.mean()), low, high, moved.size)


def chance(before: Sequence[float], after: Sequence[float]) -> float:
    """How often a mean gain at least as far from 0 comes of the same gains with signs thrown at random: the paired randomisation
    test (Smucker, Allan and Carterette, 2007), which of 0 and 1 is the exact sign test. Pairs that are alike say nothing: of
    fewer than six that differ it is never below 0.05. ValueError for other lengths.
    """
    moved = np.asarray([new - old for old, new in zip(before, after, strict=True)], dtype=np.float64)
    moved = moved[moved != 0]
    if moved.size <= _THROWN_ALL:
        ways = np.arange(2**moved.size)[:, None] >> np.arange(moved.size) & 1
        return float(_as_far(ways, moved).mean())
    ways = np.random.default_rng(_SEED).integers(0, 2, size=(RESAMPLED, moved.size))
    return float((_as_far(ways, moved).sum() + 1) / (RESAMPLED + 1))


def wilson(hits: float, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share, honest for few trials and for shares near 0 and 1; (0, 1) where nothing was tried."""
    if trials == 0:
        return 0.0, 1.0
    share, square = hits / trials, _Z * _Z / trials
    middle = (share + square / 2) / (1 + square)
    half = _Z * math.sqrt(share * (1 - share) / trials + square / (4 * trials)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def _newcombe(then: Values, now: Values) -> tuple[float, float]:
    """Of the difference of two shares of the same questions: the tenth way of Newcombe (1998), by the intervals of Wilson."""
    number, difference = then.size, float((now - then).mean())
    old, new = float(then.sum()), float(now.sum())
    both = float((then * now).sum())
    more = both * (number - old - new + both) - (old - both) * (new - both)
    more = max(more - number / 2, 0.0) if more > 0 else more
    whole = old * (number - old) * new * (number - new)
    alike = more / math.sqrt(whole) if whole else 0.0

    def reach(one: float, other: float) -> float:
        return math.sqrt(max(0.0, one * one - 2 * alike * one * other + other * other))

    (old_low, old_high), (new_low, new_high) = wilson(old, number), wilson(new, number)
    old, new = old / number, new / number
    return difference - reach(new - new_low, old_high - old), difference + reach(new_high - new, old - old_low)


def _resampled(row: Values) -> tuple[float, float]:
    drawn = np.random.default_rng(_SEED).integers(0, row.size, size=(RESAMPLED, row.size))
    low, high = np.quantile(row[drawn].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def _as_far(ways: NDArray[np.int64], moved: Values) -> NDArray[np.bool_]:
    """Of each way of throwing the signs, whether its sum is as far from 0; what is lost in reckoning aside."""
    far = abs(float(moved.sum())) - 1e-9 * float(np.abs(moved).sum())
    return np.abs((2 * ways - 1) @ np.abs(moved)) >= far


def _is_binary(row: Values) -> bool:
    return bool(np.isin(row, (0.0, 1.0)).all())


def _are_shares(row: Values) -> bool:
    return bool(((row >= 0) & (row <= 1)).all())
