"""Keeps processes running, and ends them in order. Of two supervisors over one home the second says so and leaves."""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from assistant.local import marks
from assistant.local.child import Child, Process, describe
from governance.errors import ChanceryError, Conflict, Unavailable

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 15.0
STEADY_S = 60.0  # after this long a process has earned a quick restart again


class AlreadyRuns(Conflict):
    """Another supervisor holds this home."""


class Stopped(BaseException):
    """SIGINT, SIGTERM or SIGHUP came. Not an Exception: nothing on the way up may take it for a fault."""


@dataclass
class Kept:
    process: Process
    child: Child | None
    settled: bool = False  # one that dies before it was ever ready is a fault to report, not to repeat
    failures: int = 0
    due: float = 0.0


class Supervisor:
    """Use it as a context: entering takes the home and ends what a killed predecessor left, leaving ends everything.

    Only in the main thread of a process, which must live as long as its children: they are told to stop by its end.
    """

    def __init__(self, home: Path, url: str, tell: Callable[[str], None]) -> None:
        self._run = home / "run"
        self._url = url
        self._tell = tell
        self._kept: list[Kept] = []

    def __enter__(self) -> Self:
        self._run.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = self._take_home()
        self._earlier = {number: signal.signal(number, _stop) for number in SIGNALS}
        try:
            self._end_leftovers()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half of them running
        self.stop()
        os.close(self._lock)
        for number, handler in self._earlier.items():
            signal.signal(number, handler)

    def start(self, *processes: Process) -> None:
        """Begins all of them, then waits for each in turn."""
        begun = []
        for process in processes:
            begun.append(Kept(process, Child(process, self._run)))
            self._kept.append(begun[-1])
        for kept in begun:
            if kept.child:
                kept.child.await_ready(meanwhile=self.tick)
                kept.settled = True

    def tick(self) -> None:
        """Starts again whatever has ended and has waited long enough; to be called a few times a second.

        Unavailable when one has ended that never was ready.
        """
        for kept in self._kept:
            if not kept.settled:
                if kept.child:
                    kept.child.check()
                continue
            if kept.child and (code := kept.child.exit_code()) is not None:
                self._mourn(kept, code)
            if kept.child is None and time.monotonic() >= kept.due:
                self._revive(kept)

    def watch(self, seconds: float = math.inf) -> None:
        """For so long, or until a signal comes, which raises Stopped."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.tick()
            time.sleep(0.1)

    def run(self, process: Process) -> int:
        """One command to its end, while the others are kept: its exit code."""
        child = Child(process, self._run)
        try:
            while (code := child.exit_code()) is None:
                self.tick()
                time.sleep(0.02)
            return code
        finally:
            child.end()

    def stop(self) -> None:
        """What uses the services ends before the services, each stage at once."""
        for stage in sorted({kept.process.stage for kept in self._kept}, reverse=True):
            _end_together([k.child for k in self._kept if k.child and k.process.stage == stage])
        self._kept.clear()

    def _mourn(self, kept: Kept, code: int) -> None:
        steady = kept.child is not None and time.monotonic() - kept.child.began > STEADY_S
        kept.failures = 1 if steady else kept.failures + 1
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (kept.failures - 1))
        kept.child, kept.due = None, time.monotonic() + pause_s
        log = f"; see {kept.process.log}" if kept.process.log else ""
        self._tell(f"{kept.process.name} {describe(code)} and starts again in {pause_s:g} s{log}")

    def _revive(self, kept: Kept) -> None:
        try:
            kept.child = Child(kept.process, self._run)
        except (ChanceryError, OSError) as fault:
            kept.due = time.monotonic() + LONGEST_PAUSE_S
            self._tell(f"{kept.process.name} cannot be started again: {fault}")

    def _take_home(self) -> int:
        lock = os.open(self._run / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise AlreadyRuns(
                f"Chancery already runs in {self._run.parent}{_who(self._run / 'lock')}. "
                "End it there with Ctrl-C, or give this one another CHANCERY_HOME and CHANCERY_PORT."
            ) from None
        os.truncate(lock, 0)
        os.pwrite(lock, json.dumps({"pid": os.getpid(), "url": self._url}).encode(), 0)
        return lock

    def _end_leftovers(self) -> None:
        """Told to stop by the kernel when their supervisor was killed, some may still be at it, or may have refused."""
        for file in sorted(self._run.glob("*.pid")):
            mark = marks.read(file)
            if mark and marks.is_alive(mark):
                self._tell(f"ending {file.stem} (process {mark.pid}), which an earlier start left running")
                if file.stem == "postgres":
                    marks.end(mark, signal.SIGINT, 15.0, last=signal.SIGQUIT)
                else:
                    _end_group(mark)
            file.unlink(missing_ok=True)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


def _who(lock: Path) -> str:
    try:
        told = json.loads(lock.read_text(encoding="utf-8"))
        return f" (process {told['pid']}, {told['url']})"
    except (OSError, ValueError, KeyError):
        return ""


def _end_group(mark: marks.Mark) -> None:
    """With its children: each process was started as the leader of a group of its own."""
    os.kill(mark.pid, signal.SIGTERM)
    if not marks.await_true(lambda: not marks.is_alive(mark), 8.0):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(mark.pid, signal.SIGKILL)
        if not marks.await_true(lambda: not marks.is_alive(mark), 5.0):
            raise Unavailable(f"Process {mark.pid} of an earlier start cannot be ended.")


def _end_together(children: list[Child]) -> None:
    for child in children:
        child.tell(child.process.stop)
    patience_s = max((child.process.stop_s for child in children), default=0.0)
    marks.await_true(lambda: all(child.exit_code() is not None for child in children), patience_s)
    for child in children:
        child.tell(child.process.last)
    for child in children:
        child.finish()
