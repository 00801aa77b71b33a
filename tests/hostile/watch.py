"""What a hostile file has done: how it ended, how much memory its parser took, and whether anything got out."""

from __future__ import annotations

import contextlib
import io
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from governance.errors import InvalidInput, TooLarge, Unsupported
from governance.scope import Scope
from ingestion import formats, media_types, pipeline
from ingestion.documents import uploads
from ingestion.models import Status, Version
from ingestion.parsers.base import ParseFailed
from ingestion.parsers.limited import forks, sandbox
from tests.hostile.case import Case

GLANCE_S = 0.01


@dataclass
class Peak:
    """Bytes of real memory, of the fork that had the most; and the pids of all."""

    most: int = 0
    pids: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Ended:
    """`state` is refused, the status of the document, or what its parser alone said."""

    state: str
    seconds: float
    peak: int


@contextlib.contextmanager
def peak() -> Iterator[Peak]:
    """Of every fork that begins inside: the kernel's own high-water mark, looked at while it lives."""
    found, over = Peak(), threading.Event()
    begin = forks.Fork.__init__

    def noted(fork: forks.Fork, *given: object) -> None:
        begin(fork, *given)  # type: ignore[arg-type]
        found.pids.append(fork.pid)

    def look() -> None:
        while not over.wait(GLANCE_S):
            for pid in found.pids[-1:]:
                found.most = max(found.most, _high_water(pid))

    watching = threading.Thread(target=look, daemon=True)
    with mock.patch.object(forks.Fork, "__init__", noted):
        watching.start()
        try:
            yield found
        finally:
            over.set()
            watching.join()


def _high_water(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    return 0


def ended(case: Case, folder: Path, ingest: Callable[[Case], str] | None) -> list[Ended]:
    """As the type that its content has, by `ingest` or, without one, by its parser alone; and by the parser of the type that
    its name has, where that is another.
    """
    path = folder / "upload"
    path.write_bytes(case.content)
    kind = _kind(path, case.name)
    with peak() as memory:
        began = time.monotonic()
        state = ingest(case) if ingest else parsed(path, kind) if kind else "refused"
    found = [Ended(state, time.monotonic() - began, memory.most)]
    named = [one.media_type for one in formats.FORMATS if case.name.endswith(one.ending) and one.media_type != kind]
    for media_type in named:
        with peak() as memory:
            began = time.monotonic()
            state = parsed(path, media_type)
        found.append(Ended(state, time.monotonic() - began, memory.most))
    return found


def _kind(path: Path, name: str) -> str:
    try:
        return media_types.detect(path, name)
    except Unsupported:
        return ""


def parsed(path: Path, media_type: str) -> str:
    try:
        sandbox.run(path, media_type)
    except ParseFailed as fault:
        is_told = fault.message.endswith(".") and fault.remedy.endswith(".")
        return fault.code if is_told else f"{fault.code} without words"
    return "read"


def uploaded(scope: Scope, collection: uuid.UUID, case: Case) -> str:
    """The whole way: refused at the door, ready, or the status and the code that it ended with."""
    try:
        row = uploads.upload(scope, collection, case.name, io.BytesIO(case.content))
    except (Unsupported, InvalidInput, TooLarge):
        return "refused"
    assert row.latest_id is not None
    pipeline.ingest(scope.tenant, row.latest_id)
    with scope.as_system().transaction():
        version = Version.objects.get(pk=row.latest_id)
    told = ":".join(filter(None, (version.status, version.error_code)))
    assert version.is_final, told
    assert version.status == Status.READY or (version.error and version.remedy), told
    return told


@contextlib.contextmanager
def listening() -> Iterator[tuple[str, list[object]]]:
    """An address on loopback, and who has come to it."""
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, caller = server.accept()
                    connection.close()
                    came.append(caller)

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}", came
        finally:
            over.set()
            thread.join()


def files(*folders: Path) -> set[str]:
    """Whatever stands in them."""
    return {str(path) for folder in folders for path in folder.rglob("*")}
