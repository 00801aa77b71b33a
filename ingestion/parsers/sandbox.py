"""Parsing in a process of its own: no network, little memory, little time, no secrets, and nothing to write to.

A parser reads what strangers made. Whatever it does, the worker gets a Parsed or a ParseFailed that says what to do.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.parsers.base import Locator, Parsed, ParseFailed, Section

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Limits:
    """`memory` and `output` in bytes, times in seconds."""

    memory: int = 1 << 30
    output: int = 64 << 20
    cpu_s: int = 120
    wall_s: float = 180.0
    pages: int = 5_000
    characters: int = 20_000_000


LIMITS = Limits()
KILLED = (
    "crashed",
    "The document could not be read: its parser stopped.",
    "Save it anew, or as a PDF, and upload it again.",
)


def run(
    path: Path, media_type: str, limits: Limits = LIMITS, on_progress: Callable[[int, int], None] | None = None
) -> Parsed:
    """Raises ParseFailed; `on_progress(done, total)` is told of pages."""
    order = {"media_type": media_type, "memory": limits.memory, "cpu_s": limits.cpu_s}
    order |= {"pages": limits.pages, "characters": limits.characters}
    with path.open("rb") as file:
        child = subprocess.Popen(
            [sys.executable, "-I", "-c", _START.format(root=str(ROOT)), json.dumps(order)],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            cwd="/",
            start_new_session=True,
        )
    late = threading.Event()

    def end() -> None:
        late.set()
        _kill(child)

    timer = threading.Timer(limits.wall_s, end)
    timer.start()
    try:
        parsed = _listen(child, limits, on_progress)
    finally:
        timer.cancel()
        _kill(child)
        code = child.wait()
        if child.stdout:
            child.stdout.close()
    if parsed is not None:
        return parsed
    if late.is_set() or code == -signal.SIGXCPU:
        raise ParseFailed("timeout", "Reading the document took too long.", "Split it into smaller documents.")
    raise ParseFailed(*KILLED)


_START = "import sys; sys.path.insert(0, {root!r}); from ingestion.parsers import child; child.main()"


def _listen(
    child: subprocess.Popen[bytes], limits: Limits, on_progress: Callable[[int, int], None] | None
) -> Parsed | None:
    assert child.stdout is not None  # noqa: S101  for the type checker: it is a pipe
    read = 0
    for line in iter(lambda: child.stdout.readline(limits.output + 1), b""):  # type: ignore[union-attr]
        read += len(line)
        if read > limits.output:
            raise ParseFailed(
                "too_large", "The document holds more text than is read.", "Split it into smaller documents."
            )
        try:
            message = json.loads(line)
        except ValueError:
            return None
        if "failed" in message:
            raise ParseFailed(*message["failed"])
        if "parsed" in message:
            return _parsed(message["parsed"])
        if on_progress:
            on_progress(message["done"], message["total"])
    return None


def _parsed(told: dict[str, Any]) -> Parsed:
    sections = tuple(
        Section(tuple(one["heading_path"]), one["text"], Locator.from_json(one["locator"])) for one in told["sections"]
    )
    return Parsed(told["title"], sections, told["pages"], tuple(told["warnings"]))


def _kill(child: subprocess.Popen[bytes]) -> None:
    """The whole session: a parser may have started something."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
