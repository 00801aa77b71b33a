"""Into a file of JSON lines, for whoever collects files. Operators alone set one up: it is a file of this machine."""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from governance.audit.out.sinks.base import Line, Sink, SinkDown

ROTATED_AT = 100 * 2**20


class File(Sink):
    """Appended and on the disk before `send` returns. A file that has reached `rotated_at` bytes is put aside under its time,
    and whoever collects it takes it away: nothing is deleted here.
    """

    def __init__(self, path: str, rotated_at: int = ROTATED_AT) -> None:
        self.path = Path(path)
        self.rotated_at = rotated_at

    def send(self, tenant: uuid.UUID, batch: Sequence[Line]) -> None:
        text = "".join(f"{line.text}\n" for line in batch).encode()
        try:
            with self._alone():
                self._append(text)
        except OSError as fault:
            raise SinkDown(f"{self.path.name} cannot be written: {fault.strerror or fault}") from fault

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Forwarders of several tenants share the file; the lock's file stays where it is while the other one is moved."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _append(self, text: bytes) -> None:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            self._to_end(file.fileno())
            file.seek(0, os.SEEK_END)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        if size >= self.rotated_at:
            os.replace(self.path, self._aside())
        _sync_folder(self.path.parent)

    def _to_end(self, descriptor: int) -> None:
        """Cuts off what a crash left of a batch: a line that has no end has not been confirmed, and comes again whole."""
        size = os.fstat(descriptor).st_size
        at = size
        while at > 0:
            start = max(0, at - 65536)
            found = os.pread(descriptor, at - start, start).rfind(b"\n")
            if found >= 0:
                at = start + found + 1
                break
            at = start
        if at < size:
            os.ftruncate(descriptor, at)

    def _aside(self) -> Path:
        stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
        return self.path.with_name(f"{self.path.stem}-{stamp}{self.path.suffix}")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
