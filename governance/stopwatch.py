"""How long each step of a piece of work takes, measured where it happens and told to whoever wanted to know.

    with stopwatch.running() as laps:      # around the work
    with stopwatch.step("words"):          # in whatever module does it; nothing happens where nobody wants to know

A step inside another one counts for itself alone, so that all steps together take no longer than the whole.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Laps:
    """`seconds` by the name of the step, of those that have ended. Not for use by several threads at once."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began = self._mark = time.monotonic()
        self._open: list[str] = []

    @property
    def whole(self) -> float:
        return time.monotonic() - self._began

    def begin(self, name: str) -> None:
        self._charge()
        self._open.append(name)

    def end(self) -> None:
        self._charge()
        self._open.pop()

    def split(self, name: str, first: str, seconds: float, rest: str) -> None:
        """Afterwards it is known what the step `name` was: `first` for so long, and then `rest`."""
        whole = self.seconds.pop(name, 0.0)
        part = min(seconds, whole)
        for known, took in ((first, part), (rest, whole - part)):
            self.seconds[known] = self.seconds.get(known, 0.0) + took

    def _charge(self) -> None:
        now = time.monotonic()
        if self._open:
            name = self._open[-1]
            self.seconds[name] = self.seconds.get(name, 0.0) + now - self._mark
        self._mark = now


_laps: ContextVar[Laps | None] = ContextVar("laps", default=None)


@contextmanager
def running() -> Iterator[Laps]:
    laps = Laps()
    token = _laps.set(laps)
    try:
        yield laps
    finally:
        _laps.reset(token)


@contextmanager
def step(name: str) -> Iterator[None]:
    laps = _laps.get()
    if laps is None:
        yield
        return
    laps.begin(name)
    try:
        yield
    finally:
        laps.end()
