"""Parsing in a process of its own: no network, little memory, little time, no secrets, and nothing to write to.

A parser reads what strangers made. Whatever it does, the worker gets a Parsed or a ParseFailed that says what to do.
"""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.sentence import phrase
from ingestion.parsers import forks
from ingestion.parsers.base import BOUNDS, Locator, Parsed, ParseFailed, Section, unheard
from ingestion.parsers.forks import Fork


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
_LAST_S = 2.0  # from the end of its output to its own; one that has only closed it is ended, and counts as a crash


def run(
    path: Path, media_type: str, limits: Limits = LIMITS, on_progress: Callable[[int, int], None] = unheard
) -> Parsed:
    """Raises ParseFailed; `on_progress(done, total)` is told of pages."""
    with path.open("rb") as file, forks.begun(file, _order(media_type, limits)) as fork:
        is_late = threading.Event()
        timer = threading.Timer(limits.wall_s, _end_late, (fork, is_late))
        timer.daemon = True
        timer.start()
        try:
            parsed = _listen(fork, limits, on_progress)
            ended = fork.wait(_LAST_S) or 0 if parsed is None else 0
        finally:
            timer.cancel()
            timer.join()
    if parsed is None:
        raise _fault(ended, is_late=is_late.is_set())
    return parsed


def _order(media_type: str, limits: Limits) -> dict[str, Any]:
    return {
        "root": str(forks.ROOT),
        "media_type": media_type,
        "memory": limits.memory,
        "cpu_s": limits.cpu_s,
        "pages": limits.pages,
        "characters": limits.characters,
        "unpacked": limits.unpacked,
    }


def _listen(fork: Fork, limits: Limits, on_progress: Callable[[int, int], None]) -> Parsed | None:
    """None where the child ends before it has said what it found."""
    for line in _lines(fork, limits.output):
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


def _lines(fork: Fork, most: int) -> Iterator[bytes]:
    read = 0
    while line := fork.said.readline(most + 1 - read):
        read += len(line)
        if read > most:
            raise ParseFailed(
                "too_large", "The document holds more text than is read.", phrase("Split it into smaller documents.")
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


def _fault(ended: int, *, is_late: bool) -> ParseFailed:
    if is_late or ended == -signal.SIGXCPU:
        return ParseFailed("timeout", "Reading the document took too long.", phrase("Split it into smaller documents."))
    if ended == -signal.SIGKILL:
        # Not by us, or it were late: it is the system that kills so, when it has no memory left.
        return ParseFailed(
            "out_of_memory",
            "The system ended the reading of the document.",
            phrase("Try again, or split it into smaller ones."),
        )
    return _crashed()


def _crashed() -> ParseFailed:
    return ParseFailed(
        "crashed",
        "The document could not be read: its parser stopped.",
        phrase("Save it anew, or as a PDF, and upload that."),
    )


def _end_late(fork: Fork, is_late: threading.Event) -> None:
    is_late.set()
    fork.kill()
