"""A share with what it may be, by Wilson: honest for few trials and for shares near 0 and 1. A median with the same, by ranks."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from assistant.evaluation.measures import wilson


def told(hits: int, trials: int) -> str:
    """`12 of 40: 0.300 (0.181–0.454)`."""
    low, high = wilson(hits, trials)
    return f"{hits} of {trials}: {hits / max(1, trials):.3f} ({low:.3f}–{high:.3f})"


def median(values: Sequence[float]) -> tuple[float, float, float]:
    """The median and its interval of at least 95 % by the sign test, which asks nothing of how the values are spread.

    With fewer than six values it is all of them.
    """
    ordered, amount = sorted(values), len(values)
    outside, rank = 0.0, 0
    while rank < amount // 2:
        outside += 2 * math.comb(amount, rank) / 2**amount
        if outside > 0.05:
            break
        rank += 1
    lowest = max(rank - 1, 0)
    return statistics.median(ordered), ordered[lowest], ordered[amount - 1 - lowest]


def of_median(values: Sequence[float]) -> str:
    """`0.953 (0.940-0.966; n 24)`."""
    middle, low, high = median(values)
    return f"{middle:.3f} ({low:.3f}–{high:.3f}; n {len(values)})"
