"""What a stage says of itself while it is at work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ingestion.line.leases import Claim
from ingestion.models import Version

PROGRESS_EVERY_S = 1.0


def begin(
    claimed: Claim, stage: str, total: int = 0, done: int = 0, note: str = "", before: dict[str, Any] | None = None
) -> None:
    """`before` is what became of the stage before. `done` of `total` stood already when this one began."""
    with claimed.held() as row:
        row.tell(**(before or {}))
        put(row, stage, total, done, note)


@contextmanager
def begun(claimed: Claim, stage: str, note: str, before: dict[str, Any]) -> Iterator[None]:
    """As `begin`, with whatever the stage asks of the database first in the same transaction."""
    with claimed.held() as row:
        row.tell(**before)
        put(row, stage, note=note)
        yield


def put(row: Version, stage: str, total: int = 0, done: int = 0, note: str = "", at: str | None = None) -> None:
    """In the caller's transaction. `at` is when it began, where that was a moment ago."""
    row.stage, row.done, row.total = stage, done, total
    row.mark(stage, note, already=done or None, at=at)


def progress(claimed: Claim) -> Callable[[int, int], None]:
    """Pages pass faster than anyone reads: a row is written once a second."""
    last = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last < PROGRESS_EVERY_S:
            return
        last = time.monotonic()
        with claimed.held() as row:
            row.done, row.total = done, total

    return tell
