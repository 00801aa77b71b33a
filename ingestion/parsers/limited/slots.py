"""How many parsers this machine bears at once, however many processes start them: each may take all the memory of its limit.

A slot is a file with a lock on it. The kernel takes the lock away with the process that holds it, so none is ever lost.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

MOST = 16
_LOOK_S = 0.05
_BOUNDS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@contextlib.contextmanager
def taken(memory: int) -> Iterator[None]:
    """Waits for a slot as long as that takes: who waits here holds a lease that is renewed. `memory` is a parser's, in bytes."""
    folder = Path(settings.HOME) / "run" / "parsers"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    slot = _free(folder, settings.PARSERS_AT_ONCE or fitting(memory))
    try:
        yield
    finally:
        os.close(slot)


def fitting(memory: int, there: int | None = None) -> int:
    """So many that half of the machine's memory holds them, all at their limit; one at least."""
    return max(1, min(MOST, (machine() if there is None else there) // 2 // memory))


def machine() -> int:
    """Bytes that this process may hope for: the machine's, or its container's where that is less."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for bound in _BOUNDS:
        with contextlib.suppress(OSError, ValueError):
            found.append(int(bound.read_text()))
    return min(found)


def _free(folder: Path, amount: int) -> int:
    """The descriptor of a slot that is locked now."""
    while True:
        for number in range(amount):
            slot = os.open(folder / str(number), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(slot)
            else:
                return slot
        time.sleep(_LOOK_S)
