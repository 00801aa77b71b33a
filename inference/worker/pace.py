"""How fast the engine reads, though the next step is asked for while one is under way."""

from __future__ import annotations

from time import monotonic

WORTH = 32  # tokens in one step, below which its time says little
WEIGHT = 0.2  # of the latest step
SAME_S = 0.05  # two that begin so near to each other are read in one step


class Pace:
    """`rate` is tokens a second, as lately measured. A step that has `begun` ends when the next one begins or has ended."""

    def __init__(self) -> None:
        self.rate = 50.0
        self._under_way = 0
        self._since = 0.0

    def asked(self) -> None:
        """For a step: it is under way at once, where no other one is."""
        if not self._under_way:
            self._since = monotonic()

    def begun(self, tokens: int) -> None:
        if self._under_way and monotonic() - self._since < SAME_S:
            self._under_way += tokens
            return
        self._measure(self._under_way)
        self._under_way = tokens

    def ended(self, tokens: int) -> None:
        self._measure(self._under_way + tokens)
        self._under_way = 0

    def rest(self) -> None:
        """Nothing is asked for any more: nobody sees when the last step ends."""
        self._under_way = 0

    def _measure(self, tokens: int) -> None:
        now = monotonic()
        if tokens >= WORTH:
            self.rate += WEIGHT * (tokens / max(1e-3, now - self._since) - self.rate)
        self._since = now
