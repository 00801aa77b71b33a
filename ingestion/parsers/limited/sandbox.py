"""Parsing in a process of its own: no network, little memory, little time, no secrets, and nothing to write to.

A parser reads what strangers made. Whatever it does, the worker gets a Parsed or a ParseFailed that says what to do.
"""

from __future__ import annotations

import json
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, TypeVar

from governance.sentence import phrase
from ingestion.parsers import dates, flags
from ingestion.parsers.base import BOUNDS, Bounds, Locator, Parsed, ParseFailed, Part, Section, Skipped, Spot, unheard
from ingestion.parsers.limited import forks, slots
from ingestion.parsers.limited.forks import Fork
from ingestion.parsers.pages.recognised import Page


@dataclass(frozen=True)
class Limits:
    """`memory`, `output` and `unpacked` in bytes, times in seconds. `memory` counts every address, also of files that are
    mapped; `data` what a process has to itself and may write to.
    """

    memory: int = 1 << 30
    data: int = 1 << 30
    output: int = 64 << 20
    cpu_s: int = 120
    wall_s: float = 180.0
    pages: int = BOUNDS.pages
    characters: int = BOUNDS.characters
    unpacked: int = BOUNDS.unpacked
    parts: int = BOUNDS.parts
    part: int = BOUNDS.part

    @property
    def bounds(self) -> Bounds:
        return Bounds(self.pages, self.characters, self.unpacked, self.parts, self.part)


LIMITS = Limits()
M = TypeVar("M")
T = TypeVar("T")
_LAST_S = 2.0  # from the end of its output to its own; one that has only closed it is ended, and counts as a crash


def untaken(part: Part | Skipped) -> None:
    """For whoever wants no documents within the document."""


def run(
    path: Path,
    media_type: str,
    limits: Limits = LIMITS,
    on_progress: Callable[[int, int], None] = unheard,
    on_part: Callable[[Part | Skipped], None] = untaken,
    recognised: Mapping[int, Page] = MappingProxyType({}),
) -> Parsed:
    """Raises ParseFailed; `on_progress(done, total)` is told of pages. The documents within the document go to `on_part`
    as they come, and none of them counts before `run` has returned. `recognised` is what is known of its pages already.
    """
    hearing = _Hearing(limits, on_progress, on_part)
    order = {"media_type": media_type, "is_known": bool(recognised)}
    with ExitStack() as opened:
        given: list[IO[bytes]] = [opened.enter_context(path.open("rb"))]
        if recognised:
            beside = opened.enter_context(tempfile.TemporaryFile())
            beside.write(json.dumps({number: page.to_json() for number, page in recognised.items()}).encode())
            beside.seek(0)
            given.append(beside)
        return ask("parse", given, order, limits, _message, hearing.hear)


def ask(
    kind: str,
    files: Sequence[IO[bytes]],
    order: dict[str, Any],
    limits: Limits,
    understand: Callable[[dict[str, Any]], M],
    hear: Callable[[M, IO[bytes]], T | None],
) -> T:
    """Have a limited process of `kind` do what `order` says with the first of `files`.

    What it says is understood word by word, and heard until something is made of it; what cannot be understood is a
    crash. `hear` may read the bytes that follow a word. Raises ParseFailed.
    """
    with slots.taken(limits.memory), forks.begun(files, order | _bounds(limits), kind) as fork:
        is_late = threading.Event()
        timer = threading.Timer(limits.wall_s, _end_late, (fork, is_late))
        timer.daemon = True
        timer.start()
        try:
            found = next((made for made in _made(fork, limits, understand, hear) if made is not None), None)
            ended = fork.wait(_LAST_S) or 0 if found is None else 0
        finally:
            timer.cancel()
            timer.join()
    if found is None:
        raise _fault(ended, is_late=is_late.is_set())
    return found


def _bounds(limits: Limits) -> dict[str, Any]:
    return {
        "root": str(forks.ROOT),
        "memory": limits.memory,
        "data": limits.data,
        "cpu_s": limits.cpu_s,
        "bounds": asdict(limits.bounds),
    }


def _made(
    fork: Fork,
    limits: Limits,
    understand: Callable[[dict[str, Any]], M],
    hear: Callable[[M, IO[bytes]], T | None],
) -> Iterator[T | None]:
    for line in _lines(fork, limits.output):
        try:
            told = json.loads(line)
            failed = ParseFailed(*map(str, told["failed"])) if "failed" in told else None
            said = None if failed else understand(told)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise _crashed() from None
        if failed:
            raise failed
        if said is not None:
            yield hear(said, fork.said)


class _Hearing:
    """What a parser says, from its first page to its end."""

    def __init__(
        self, limits: Limits, on_progress: Callable[[int, int], None], on_part: Callable[[Part | Skipped], None]
    ) -> None:
        self._limits, self._on_progress, self._on_part = limits, on_progress, on_part
        self._left = limits.unpacked
        self._parsed: Parsed | None = None

    def hear(self, said: _Message, stream: IO[bytes]) -> Parsed | None:
        """What was parsed, once the parser has said that this was all."""
        if isinstance(said, _Announced):
            self._left -= said.size
            if said.size > self._limits.part or self._left < 0:
                raise _crashed()  # it has stopped to count, and who knows what else
            self._on_part(said.read(stream))
        elif isinstance(said, Skipped):
            self._on_part(said)
        elif isinstance(said, Parsed):
            self._parsed = said
        elif isinstance(said, _End):
            return self._parsed
        else:
            self._on_progress(*said)
        return None


@dataclass(frozen=True)
class _Announced:
    """A document within the document, whose `size` bytes follow."""

    path: str
    size: int

    def read(self, stream: IO[bytes]) -> Part:
        content = stream.read(self.size)
        if len(content) < self.size:
            raise _crashed()
        return Part(self.path, content)


class _End:
    """This was all."""


_Message = Parsed | Skipped | _Announced | _End | tuple[int, int]


def _lines(fork: Fork, most: int) -> Iterator[bytes]:
    read = 0
    while line := fork.said.readline(most + 1 - read):
        read += len(line)
        if read > most:
            raise ParseFailed(
                "too_large", "The document holds more text than is read.", phrase("Split it into smaller documents.")
            )
        yield line


def _message(told: dict[str, Any]) -> _Message:
    if "parsed" in told:
        return _parsed(told["parsed"])
    if "part" in told:
        path, size = told["part"]
        return _Announced(str(path), abs(int(size)))
    if "skipped" in told:
        path, why = map(str, told["skipped"])
        return Skipped(path, why)
    return _End() if "end" in told else (int(told["done"]), int(told["total"]))


def _parsed(told: dict[str, Any]) -> Parsed:
    sections = tuple(
        Section(
            tuple(one["heading_path"]),
            one["text"],
            Locator.from_json(one["locator"]),
            tuple(Spot.from_json(spot) for spot in one["spots"]),
        )
        for one in told["sections"]
    )
    # The parser's word goes on the record: only the names that there are.
    known = tuple(flag for flag in told["flags"] if flag in flags.SAYS)
    unread = tuple(map(int, told["unread"]))
    dated = dates.of_iso(str(told["dated"]))
    return Parsed(told["title"], sections, told["pages"], tuple(told["warnings"]), known, unread=unread, dated=dated)


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
