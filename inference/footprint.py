"""How much memory and processor a process takes, with those that it started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Footprint:
    """Bytes. `resident` counts a page in every process that has it, `proportional` divides it among them; `peak` is the
    most that was resident, each process at its own time. 0 where the system does not tell.
    """

    resident: int = 0
    proportional: int = 0
    peak: int = 0

    def __add__(self, other: Footprint) -> Footprint:
        return Footprint(self.resident + other.resident, self.proportional + other.proportional, self.peak + other.peak)


def of(pid: int, proc: Path = PROC) -> Footprint:
    """Of the process and all below it. One that ends meanwhile counts nothing."""
    return sum((_alone(one, proc) for one in _family(pid, proc)), Footprint())


def taken(pid: int, proc: Path = PROC) -> int:
    """Bytes of memory of the process and all below it that hold no page of a file: those of files are given up for others."""
    told = (_fields(proc / str(one) / "status") for one in _family(pid, proc))
    return sum(fields.get("RssAnon", 0) + fields.get("RssShmem", 0) for fields in told)


def processor_s(pid: int, proc: Path = PROC) -> float:
    """Seconds that they had a processor, since each of them began; 0 where the system does not tell."""
    ticks = sum(sum(map(int, _stat(one, proc)[11:13])) for one in _family(pid, proc))
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(pid: int, proc: Path) -> list[str]:
    """The fields after the name, which may hold anything but its last bracket."""
    return _text(proc / str(pid) / "stat").rpartition(")")[2].split()


def _family(pid: int, proc: Path) -> Iterator[int]:
    yield pid
    for children in proc.glob(f"{pid}/task/*/children"):
        for child in _text(children).split():
            yield from _family(int(child), proc)


def _alone(pid: int, proc: Path) -> Footprint:
    rolled, status = _fields(proc / str(pid) / "smaps_rollup"), _fields(proc / str(pid) / "status")
    return Footprint(rolled.get("Rss", 0), rolled.get("Pss", 0), status.get("VmHWM", 0))


def _fields(path: Path) -> dict[str, int]:
    """Those told in kB, as bytes."""
    found = (line.split() for line in _text(path).splitlines())
    return {words[0].rstrip(":"): int(words[1]) * 1024 for words in found if len(words) == 3 and words[2] == "kB"}


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
