"""How much memory a new process can have."""

from __future__ import annotations

from pathlib import Path

MEMINFO = Path("/proc/meminfo")


def free(meminfo: Path = MEMINFO) -> int:
    """Bytes, without anything being swapped out; 0 where the system does not tell."""
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    for line in lines:
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1024
    return 0
