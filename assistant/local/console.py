"""What a person reads while everything starts: one line a step, with its time."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

WIDTH, BAR = 16, 24
SMALL = 5_000_000  # bytes; a smaller file is there before its progress could be read


class Step:
    """`note` ends the step's line: set it to what came of it."""

    def __init__(self, console: Console, label: str) -> None:
        self.note = ""
        self.began = time.monotonic()
        self._console = console
        self._label = label
        self._shown = -1

    def progress(self, done: int, total: int, what: str = "") -> None:
        """A bar on a terminal, a line every tenth elsewhere. `done` and `total` are bytes."""
        if total < SMALL:
            return
        tenths = 10 * done // total if total else 0
        text = f"{_megabytes(done)} of {_megabytes(total)} MB  {what}".rstrip()
        if self._console.is_terminal:
            filled = BAR * done // total if total else 0
            self._console.replace(f"{self._label:<{WIDTH}} [{'#' * filled:<{BAR}}] {text}")
        elif tenths > self._shown:
            self._shown = tenths
            self._console.say(f"{self._label:<{WIDTH}} {10 * tenths:>3} %    {text}")

    def close(self, outcome: str) -> None:
        elapsed_s = time.monotonic() - self.began
        self._console.say(f"{self._label:<{WIDTH}} {elapsed_s:>6.1f} s  {outcome}".rstrip())


class Console:
    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self.is_terminal = self._out.isatty()

    def say(self, line: str = "") -> None:
        clear = "\r\x1b[K" if self.is_terminal else ""
        self._out.write(f"{clear}{line}\n")
        self._out.flush()

    def replace(self, line: str) -> None:
        """On a terminal: the line that the next one takes the place of."""
        self._out.write(f"\r\x1b[K{line[:100]}")
        self._out.flush()

    @contextmanager
    def step(self, label: str) -> Iterator[Step]:
        if self.is_terminal:
            self.replace(f"{label:<{WIDTH}} ...")
        step = Step(self, label)
        try:
            yield step
        except Exception:
            step.close("did not succeed")
            raise
        except BaseException:  # somebody ended it: no fault of the step
            step.close("stopped")
            raise
        step.close(step.note)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f}"
