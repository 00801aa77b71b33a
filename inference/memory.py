"""How much memory a new process can have."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")


def free(meminfo: Path = MEMINFO, cgroup: Path = CGROUP) -> int:
    """Bytes, without anything being swapped out: the machine's, or what a container's limit leaves of it."""
    machine = _available(meminfo)
    with contextlib.suppress(OSError, ValueError):  # no container, or one without a limit, which reads "max"
        limit = int((cgroup / "memory.max").read_text(encoding="ascii"))
        used = int((cgroup / "memory.current").read_text(encoding="ascii"))
        return min(machine, max(0, limit - used + _cached(cgroup / "memory.stat")))
    return machine


def _available(meminfo: Path) -> int:
    try:
        return _field(meminfo, "MemAvailable:") * 1024
    except (OSError, ValueError):
        # Elsewhere than on Linux nobody tells what is free: half of what there is.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _cached(stat: Path) -> int:
    """Pages of files, which are given up when somebody needs the room."""
    return _field(stat, "inactive_file")


def _field(path: Path, name: str) -> int:
    for line in path.read_text(encoding="ascii").splitlines():
        words = line.split()
        if words and words[0] == name:
            return int(words[1])
    raise ValueError(name)
