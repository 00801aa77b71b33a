"""A share with what it may be, by Wilson: honest for few trials and for shares near 0 and 1."""

from __future__ import annotations

import math

Z = 1.96  # 95 %


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share; (0, 1) where nothing was tried."""
    if trials == 0:
        return 0.0, 1.0
    share, square = hits / trials, Z * Z / trials
    middle = (share + square / 2) / (1 + square)
    half = Z * math.sqrt(share * (1 - share) / trials + square / (4 * trials)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def told(hits: int, trials: int) -> str:
    """`12 of 40: 0.300 (0.181–0.454)`."""
    low, high = wilson(hits, trials)
    return f"{hits} of {trials}: {hits / max(1, trials):.3f} ({low:.3f}–{high:.3f})"
