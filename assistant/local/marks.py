"""Which process is ours. A bare pid proves nothing: the kernel gives it to somebody else after ours is gone."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Mark:
    """One process for certain: its start is counted in kernel ticks since the boot that `boot` names."""

    pid: int
    boot: str
    started: int
    argv: list[str]


def boot() -> str:
    return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def started(pid: int) -> int | None:
    """When `pid` began, in ticks since boot; None for a process that is gone or waits only to be buried."""
    try:
        stat = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()  # the name in parentheses may hold anything, spaces too
    return None if fields[0] in "ZX" else int(fields[19])


def argv(pid: int) -> list[str]:
    try:
        raw = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return []
    return [os.fsdecode(part) for part in raw.rstrip(b"\0").split(b"\0")]


def write(path: Path, pid: int, command: list[str]) -> Mark:
    mark = Mark(pid, boot(), started(pid) or 0, command)
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(json.dumps(asdict(mark)), encoding="utf-8")
    draft.replace(path)
    return mark


def read(path: Path) -> Mark | None:
    try:
        return Mark(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def is_alive(mark: Mark) -> bool:
    """True only for the very process that was marked, still running the command it was started with."""
    return mark.boot == boot() and started(mark.pid) == mark.started and argv(mark.pid) == mark.argv


def end(mark: Mark, stop: signal.Signals, wait_s: float, last: signal.Signals = signal.SIGKILL) -> None:
    """Stops a process of an earlier start; `last` follows when `stop` was not heard within `wait_s` seconds."""
    for order, patience_s in ((stop, wait_s), (last, 10.0)):
        if not is_alive(mark):
            return
        os.kill(mark.pid, order)
        await_true(lambda: not is_alive(mark), patience_s)


def await_true(condition: Callable[[], bool], limit_s: float, pause_s: float = 0.05) -> bool:
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause_s)
    return True
