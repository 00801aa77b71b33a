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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ingestion.parsers.base import BOUNDS, Locator, Parsed, ParseFailed, Section, unheard

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Limits:
    """`memory`, `output` and `unpacked` in bytes, times in seconds."""

    memory: int = 1 << 30
    output: int = 64 << 20
    cpu_s: int = 120
    wall_s: float = 180.0
    pages: int = BOUNDS.pages
    characters: int = BOUNDS.characters
    unpacked: int = BOUNDS.unpacked


LIMITS = Limits()
_LAST_S = 2.0  # from the end of its output to its own
# The floors above and the services they talk to do not exist for a parser, whatever it is made to import.
_START = """
import sys
sys.modules.update(dict.fromkeys(("django", "psycopg", "redis", "celery", "httpx", "assistant", "inference")))
sys.path.insert(0, {root!r})
from ingestion.parsers import child
child.main()
"""


def run(
    path: Path, media_type: str, limits: Limits = LIMITS, on_progress: Callable[[int, int], None] = unheard
) -> Parsed:
    """Raises ParseFailed; `on_progress(done, total)` is told of pages."""
    with path.open("rb") as file:
        child = _start(file, media_type, limits)
    is_late = threading.Event()
    timer = threading.Timer(limits.wall_s, _end_late, (child, is_late))
    timer.daemon = True
    timer.start()
    try:
        parsed = _listen(child, limits, on_progress)
        ended = _ended(child) if parsed is None else 0
    finally:
        timer.cancel()
        timer.join()
        _kill(child)
        child.wait()
    if parsed is None:
        raise _fault(ended, is_late=is_late.is_set())
    return parsed


def _start(file: IO[bytes], media_type: str, limits: Limits) -> subprocess.Popen[bytes]:
    order = {
        "root": str(ROOT),
        "media_type": media_type,
        "memory": limits.memory,
        "cpu_s": limits.cpu_s,
        "pages": limits.pages,
        "characters": limits.characters,
        "unpacked": limits.unpacked,
    }
    return subprocess.Popen(
        [sys.executable, "-I", "-c", _START.format(root=str(ROOT)), json.dumps(order)],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        cwd="/",
        start_new_session=True,
    )


def _listen(child: subprocess.Popen[bytes], limits: Limits, on_progress: Callable[[int, int], None]) -> Parsed | None:
    """None where the child ends before it has said what it found."""
    for line in _lines(child, limits.output):
        try:
            said = _message(json.loads(line))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise _crashed() from None
        if isinstance(said, ParseFailed):
            raise said
        if isinstance(said, Parsed):
            return said
        on_progress(*said)
    return None


def _lines(child: subprocess.Popen[bytes], most: int) -> Iterator[bytes]:
    if child.stdout is None:
        return
    read = 0
    with child.stdout as stdout:
        while line := stdout.readline(most + 1 - read):
            read += len(line)
            if read > most:
                raise ParseFailed(
                    "too_large", "The document holds more text than is read.", "Split it into smaller documents."
                )
            yield line


def _message(told: dict[str, Any]) -> Parsed | ParseFailed | tuple[int, int]:
    if "failed" in told:
        code, message, remedy = map(str, told["failed"])
        return ParseFailed(code, message, remedy)
    if "parsed" in told:
        return _parsed(told["parsed"])
    return int(told["done"]), int(told["total"])


def _parsed(told: dict[str, Any]) -> Parsed:
    sections = tuple(
        Section(tuple(one["heading_path"]), one["text"], Locator.from_json(one["locator"])) for one in told["sections"]
    )
    return Parsed(told["title"], sections, told["pages"], tuple(told["warnings"]))


def _ended(child: subprocess.Popen[bytes]) -> int:
    """How it ended by itself. One that has only closed its output is ended by the caller, and counts as a crash."""
    try:
        return child.wait(_LAST_S)
    except subprocess.TimeoutExpired:
        return 0


def _fault(ended: int, *, is_late: bool) -> ParseFailed:
    if is_late or ended == -signal.SIGXCPU:
        return ParseFailed("timeout", "Reading the document took too long.", "Split it into smaller documents.")
    if ended == -signal.SIGKILL:
        # Not by us, or it were late: it is the system that kills so, when it has no memory left.
        return ParseFailed(
            "out_of_memory",
            "The system ended the reading of the document.",
            "Try again, or split it into smaller ones.",
        )
    return _crashed()


def _crashed() -> ParseFailed:
    return ParseFailed(
        "crashed", "The document could not be read: its parser stopped.", "Save it anew, or as a PDF, and upload that."
    )


def _end_late(child: subprocess.Popen[bytes], is_late: threading.Event) -> None:
    is_late.set()
    _kill(child)


def _kill(child: subprocess.Popen[bytes]) -> None:
    """The whole session: a parser may have started something."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
