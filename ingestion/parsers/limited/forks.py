"""The worker's end of the nurseries: a fork for each document, from a nursery that is free or from a new one."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from governance.sentence import phrase
from ingestion.parsers.base import ParseFailed
from ingestion.parsers.limited import nursery

ROOT = Path(__file__).resolve().parents[3]
# The floors above and the services they talk to do not exist for a parser, whatever it is made to import.
START = """
import sys
sys.modules.update(dict.fromkeys(("django", "psycopg", "redis", "celery", "httpx", "assistant", "inference")))
sys.path.insert(0, {root!r})
from ingestion.parsers.limited import child
child.main()
"""
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
# What is forked may start no threads: libraries that would are told so before they are loaded.
_OF_KIND = {"recognise": {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}}
_START_S = 60.0  # until a nursery has loaded its parsers and forked, on a busy machine
_END_S = 10.0  # until the kernel has ended what was killed


class _Nursery:
    """`kind` is a name in ingestion.parsers.limited.child.KINDS: what it has loaded and does."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.start = START
        self.owner = os.getpid()
        self.control, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-c", self.start.format(root=str(ROOT)), kind],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT | _OF_KIND.get(kind, {}),
                cwd="/",
                start_new_session=True,
            )

    @property
    def is_fit(self) -> bool:
        return self.start == START and self.owner == os.getpid() and self.process.poll() is None

    def ask(self, timeout_s: float) -> int | None:
        """The next number it says; None where it says none in time. Raises OSError where it is gone."""
        self.control.settimeout(timeout_s)
        said = b""
        try:
            while not said.endswith(b"\n"):
                more = self.control.recv(1)
                if not more:
                    raise ConnectionResetError("the nursery has ended")
                said += more
        except TimeoutError:
            return None
        return int(said)

    def close(self) -> None:
        """It ends by itself once nobody listens, and its fork with it."""
        self.control.close()
        if self.owner == os.getpid():
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait()


class Fork:
    """A parser at one document. `said` is what it writes."""

    def __init__(self, home: _Nursery, files: Sequence[IO[bytes]], order: dict[str, Any]) -> None:
        read, write = os.pipe()
        self.said = os.fdopen(read, "rb")
        self._home = home
        self._ended: int | None = None
        try:
            given = [write, *(file.fileno() for file in files)]
            socket.send_fds(home.control, [json.dumps(order).encode()], given)
            pid = home.ask(_START_S)
        except BaseException:
            self.said.close()
            raise
        finally:
            os.close(write)
        if pid is None:
            self.said.close()
            raise ConnectionResetError("the nursery does not fork")
        self.pid = pid

    def wait(self, timeout_s: float) -> int | None:
        """How it ended, as subprocess has it; None where it has not."""
        if self._ended is None:
            self._ended = self._home.ask(timeout_s)
        return self._ended

    def kill(self) -> None:
        """The whole session: a parser may have started something. Its number is its own until `close`."""
        for kill in (os.killpg, os.kill):  # by itself, where it had no time yet to open its session
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Raises OSError where the nursery cannot be used again."""
        self.said.close()
        self.kill()
        if self.wait(_END_S) is None:
            raise ConnectionResetError("what was killed does not end")
        self._home.control.sendall(nursery.KNOWN)
        if self._home.control.recv(1) != nursery.KNOWN:
            raise ConnectionResetError("the nursery has ended")


_free: list[_Nursery] = []
_lock = threading.Lock()


@contextlib.contextmanager
def begun(files: Sequence[IO[bytes]], order: dict[str, Any], kind: str) -> Iterator[Fork]:
    """A fork at the first of `files`, with the second beside it where there are two; ended with the context.

    Raises ParseFailed where none can be had.
    """
    home, fork = _begin(files, order, kind)
    try:
        yield fork
    finally:
        try:
            fork.close()
        except OSError:
            home.close()
        else:
            with _lock:
                _free.append(home)


def _begin(files: Sequence[IO[bytes]], order: dict[str, Any], kind: str) -> tuple[_Nursery, Fork]:
    for _ in range(2):  # one that was free may have ended meanwhile
        home = _lend(kind)
        try:
            return home, Fork(home, files, order)
        except OSError:
            home.close()
    raise ParseFailed("crashed", "The document could not be read: no parser started.", phrase("Try again in a minute."))


def _lend(kind: str) -> _Nursery:
    with _lock:
        for home in [home for home in _free if home.kind == kind]:
            _free.remove(home)
            if home.is_fit:
                return home
            home.close()
    return _Nursery(kind)
