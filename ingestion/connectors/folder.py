"""A folder on the server, below what the operator has opened for this organisation, and never out of it by a link."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from governance.sentence import phrase, sentence
from ingestion.connectors import paths
from ingestion.connectors.base import (
    Change,
    Connector,
    Field,
    Item,
    ItemDown,
    ItemRefused,
    Reached,
    SourceDown,
    SourceRefuses,
    too_large,
    too_many,
)

DEPTH = 40
PATTERNS = Field(
    "patterns",
    phrase("Only these files"),
    "lines",
    phrase("One pattern a line, such as *.pdf or contracts/**. Empty for all."),
    most=2000,
)
_ASK = phrase("Ask the operator of this installation to open it in CHANCERY_SOURCE_FOLDERS.")
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe must not hold us up


class Folder(Connector):
    """Links are passed over, whichever way they lead; so are hidden files. The mark is size and time of change."""

    fields = (
        Field(
            "path", phrase("Folder"), "text", phrase("The full path on the server, such as /srv/share/contracts."), True
        ),
        PATTERNS,
    )

    def changes(self, cursor: str) -> Iterator[Change]:
        patterns, found = paths.lines(self.settings.get("patterns")), 0
        with self._opened("") as root:
            for item in self._below(root, "", DEPTH):
                if paths.wanted(item.key, patterns):
                    found += 1
                    if found > self.ground.items:
                        raise too_many(self.ground.items)
                    yield item
        yield Reached()

    def read(self, item: Item) -> BinaryIO:
        if not paths.is_plain(item.key):
            raise ItemRefused(phrase("This is no path below the folder."))
        with self._opened(paths.parent(item.key)) as folder:
            try:
                file = open(os.open(paths.last(item.key), _FILE, dir_fd=folder), "rb")  # noqa: SIM115  the caller's
            except OSError:
                raise ItemDown(
                    phrase("The file cannot be read."), phrase("See who may read it on the server.")
                ) from None
        told = os.fstat(file.fileno())
        if not stat.S_ISREG(told.st_mode) or told.st_size > self.ground.item_bytes:
            file.close()
            raise (
                too_large(self.ground.item_bytes)
                if stat.S_ISREG(told.st_mode)
                else ItemRefused(phrase("This is no file."))
            )
        return file

    def probe(self) -> str:
        with self._opened("") as root:
            try:
                number = len(os.listdir(root))
            except OSError:
                raise self._unread() from None
        return sentence("The folder can be read. It holds %(number)s entries.", number=number)

    def _root(self) -> tuple[Path, tuple[str, ...]]:
        """The opened folder that the path lies below, and the way from there."""
        path = Path(os.path.normpath(str(self.settings.get("path", ""))))
        for opened in self.ground.folders:
            with contextlib.suppress(ValueError):
                return Path(opened), path.relative_to(opened).parts
        raise SourceRefuses(phrase("This folder is not opened to your organisation."), _ASK)

    @contextlib.contextmanager
    def _opened(self, below: str) -> Iterator[int]:
        """A descriptor of the folder, reached step by step: a link on the way is not followed, whenever it was put there."""
        root, steps = self._root()
        held: list[int] = []
        try:
            try:
                held.append(os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
                for step in (*steps, *filter(None, below.split("/"))):
                    held.append(os.open(step, _DIRECTORY, dir_fd=held[-1]))
            except OSError:
                raise (ItemDown(phrase("The file is not there any more.")) if below else self._unread()) from None
            yield held[-1]
        finally:
            for one in held:
                os.close(one)

    def _unread(self) -> SourceDown:
        return SourceDown(
            phrase("The folder is not there, or it cannot be read."),
            phrase("See that it is mounted, and that the account which runs this may read it."),
        )

    def _below(self, folder: int, before: str, depth: int) -> Iterator[Item]:
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            raise self._unread() from None  # a list with a hole would delete what is in it
        for entry in found:
            path = f"{before}{entry.name}"
            if entry.name.startswith(".") or not paths.is_plain(path) or entry.is_symlink():
                continue
            told = _told(folder, entry.name)
            if told is None:
                continue
            if stat.S_ISDIR(told.st_mode) and depth:
                yield from self._inside(folder, entry.name, path, depth)
            elif stat.S_ISREG(told.st_mode):
                mark = f"{told.st_size}-{told.st_mtime_ns}"
                yield Item(path, entry.name, mark, told.st_size, folder=paths.parent(path))

    def _inside(self, folder: int, name: str, path: str, depth: int) -> Iterator[Item]:
        try:
            inner = os.open(name, _DIRECTORY, dir_fd=folder)
        except FileNotFoundError:
            return  # it went while we looked
        except OSError:
            raise self._unread() from None
        try:
            yield from self._below(inner, f"{path}/", depth - 1)
        finally:
            os.close(inner)


def _told(folder: int, name: str) -> os.stat_result | None:
    """None for what went while we looked."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return None
