"""Processor seconds of processes and all they have started, by /proc: what a wall clock hides where others are at work."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def spent(roots: Iterable[int]) -> float:
    """Of these, their children that live, and those that have ended and were waited for. Seconds since each began."""
    children: dict[int, list[int]] = {}
    ticks: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        pid, parent = int(folder.name), int(fields[1])
        children.setdefault(parent, []).append(pid)
        ticks[pid] = sum(map(int, fields[11:15]))
    waiting, counted = list(roots), 0
    while waiting:
        one = waiting.pop()
        counted += ticks.get(one, 0)
        waiting += children.get(one, [])
    return counted / TICK
