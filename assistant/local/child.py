"""One process that this one started: how it is begun, watched and ended."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from assistant.local import marks
from governance.errors import Unavailable

PR_SET_PDEATHSIG = 1
LOG_BYTES = 20_000_000  # a log longer than this is put aside at the next start; one such is kept
LIBC = ctypes.CDLL(None, use_errno=True)  # loaded here, since nothing may be loaded between fork and exec


def nothing() -> None: ...


def always() -> bool:
    return True


@dataclass(frozen=True)
class Process:
    """What is to run. `ready` is asked until it says yes; `before` runs ahead of each start, restarts too."""

    name: str
    argv: list[str]
    env: dict[str, str]
    log: Path | None  # None: it writes to this process's own terminal
    ready: Callable[[], bool] = always
    ready_s: float = 60.0
    before: Callable[[], None] = nothing
    owner: tuple[int, int] | None = None  # uid and gid to run as, where this process is root and that one may not be
    cwd: Path = field(default_factory=Path.cwd)
    nice: int = 0
    stage: int = 0  # at the end the highest goes first
    stop: signal.Signals = signal.SIGTERM
    stop_s: float = 8.0
    last: signal.Signals = signal.SIGKILL
    # Whatever it has forked goes down with it. Postgres looks after its own: to kill a backend would be a crash.
    whole_group: bool = True


class Child:
    """A started process. Its mark stands in `run`/NAME.pid until it has ended."""

    def __init__(self, process: Process, run: Path, *, leashed: bool = True) -> None:
        """`leashed` children are told to stop by the kernel when this thread's process dies, kill -9 included."""
        self.process = process
        self.began = time.monotonic()
        self._file = run / f"{process.name}.pid"
        process.before()
        uid, gid = process.owner or (None, None)
        with _open_log(process.log) as log:
            self._popen = subprocess.Popen(
                process.argv,
                env=process.env,
                cwd=process.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=uid,
                group=gid,
                extra_groups=None if uid is None else [],
                start_new_session=True,  # Ctrl-C reaches this process alone, which then stops the others in order
                preexec_fn=_leash(process.stop if leashed else None, process.nice),  # noqa: PLW1509
            )
        self.mark = marks.write(self._file, self._popen.pid, process.argv)

    @property
    def pid(self) -> int:
        return self._popen.pid

    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        if self._popen.returncode is not None:
            return self._popen.returncode
        with contextlib.suppress(ChildProcessError):
            # Not yet buried, the pid is still its own: the group can be ended without hitting a stranger.
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return None
        if self.process.whole_group:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self._file.unlink(missing_ok=True)
        return self._popen.wait()

    def check(self) -> None:
        """Unavailable, with the end of its log, when it has ended."""
        code = self.exit_code()
        if code is not None:
            raise Unavailable(f"{self.process.name} {describe(code)}.\n{tail(self.process.log)}")

    def await_ready(self, meanwhile: Callable[[], None] = nothing) -> None:
        """Unavailable, with the end of its log, when it dies or is not ready within its time."""
        deadline = time.monotonic() + self.process.ready_s
        while not self.process.ready():
            self.check()
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"{self.process.name} is not ready after {self.process.ready_s:.0f} s.\n{tail(self.process.log)}"
                )
            meanwhile()
            time.sleep(0.05)

    def tell(self, order: signal.Signals) -> None:
        if self.exit_code() is None:
            self._popen.send_signal(order)

    def end(self) -> None:
        self.tell(self.process.stop)
        marks.await_true(lambda: self.exit_code() is not None, self.process.stop_s)
        self.finish()

    def finish(self) -> None:
        """The end of one that did not hear the first request, or nothing if it did."""
        for order in (self.process.last, signal.SIGKILL):
            self.tell(order)
            if marks.await_true(lambda: self.exit_code() is not None, 5.0):
                return


def describe(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def tail(log: Path | None, lines: int = 12) -> str:
    if log is None:
        return ""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return f"The end of {log}:\n" + "\n".join(f"  {line}" for line in text.splitlines()[-lines:])


def _open_log(path: Path | None) -> AbstractContextManager[IO[bytes] | None]:
    if path is None:
        return contextlib.nullcontext()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > LOG_BYTES:
            path.replace(path.with_name(f"{path.name}.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def _leash(order: signal.Signals | None, nice: int) -> Callable[[], None]:
    parent = os.getpid()

    def between_fork_and_exec() -> None:
        # After the change of user: a change of user would clear the death signal again.
        if order is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, int(order), 0, 0, 0)
            if os.getppid() != parent:  # it died before the line above
                os._exit(1)
        if nice:
            os.nice(nice)

    return between_fork_and_exec
