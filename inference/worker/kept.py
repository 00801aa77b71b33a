"""What has been read of prompts and is kept in memory, each for those alone who may know that it was read."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.int32]
COMMON = ""  # the key of what stands in the product itself and tells nothing of anybody
LEAST = 16  # tokens in common that are worth being brought back
ROWS = 512  # that are kept at the most: each is an open file, and is looked at for each prompt
HEAD = 64  # words of four bytes at a file's beginning, among which its tokens begin


def tokens(numbers: Sequence[int]) -> Tokens:
    return np.asarray(numbers, dtype=np.int32)


def alike(first: Tokens, second: Tokens) -> int:
    """How many tokens two sequences begin with in common."""
    most = min(len(first), len(second))
    differs = np.flatnonzero(first[:most] != second[:most])
    return int(differs[0]) if len(differs) else most


class Shelf:
    """Memory with a name, by which an engine in another process can write to it and read from it.

    On Linux it is anonymous: nothing has to be cleared away after a crash, and no limit of /dev/shm holds for it.
    Elsewhere it is a folder of files that only their owner can read.
    """

    def __init__(self) -> None:
        self._has_anonymous = sys.platform == "linux"
        self._folder = Path(f"/proc/{os.getpid()}/fd") if self._has_anonymous else Path(tempfile.mkdtemp())
        self._numbers = itertools.count()

    @property
    def path(self) -> str:
        return f"{self._folder}/"

    def take(self) -> str:
        """The name of an empty place."""
        if self._has_anonymous:
            return str(os.memfd_create("kept"))
        return f"{next(self._numbers)}.kept"

    def read(self, name: str, most: int) -> bytes:
        with (self._folder / name).open("rb") as file:
            return file.read(most)

    def give_back(self, name: str) -> None:
        if self._has_anonymous:
            os.close(int(name))
        else:
            (self._folder / name).unlink(missing_ok=True)

    def close(self) -> None:
        if not self._has_anonymous:
            shutil.rmtree(self._folder, ignore_errors=True)


@dataclass(eq=False)
class Kept:
    """`tokens` in their order, as they lie in the place `name`, with what the model made of them: `size` bytes."""

    key: str
    tokens: Tokens
    name: str
    size: int


@dataclass
class Keeping:
    """The kept ones within `most` bytes and `ROWS`, the longest unused given up first. No key finds what another has read."""

    shelf: Shelf
    most: int
    rows: list[Kept] = field(default_factory=list)  # the last used last
    bytes_a_token: float = 0.0  # as lately measured

    @property
    def size(self) -> int:
        return sum(one.size for one in self.rows)

    def best(self, key: str, wanted: Tokens) -> tuple[Kept | None, int]:
        """The one that begins like `wanted` for longest, and how many tokens of it."""
        best: tuple[Kept | None, int] = (None, 0)
        for one in self._of(key):
            length = alike(one.tokens, wanted)
            if length >= max(LEAST, best[1] + 1):
                best = one, length
        return best

    def has_room(self, length: int) -> bool:
        """Whether so many tokens would not drive out most of what is kept."""
        return length * self.bytes_a_token <= self.most / 2

    def add(self, key: str, name: str, size: int, known: Tokens, saved: int) -> Kept:
        """What an engine has put into the place `name`: `saved` tokens, of which `known` are known to be the first."""
        whole = self._read(name, known, saved)
        for one in [one for one in self._of(key) if one.key == key and alike(one.tokens, whole) == len(one.tokens)]:
            self.drop(one)  # the new one holds all of it
        self.bytes_a_token = size / max(1, saved)
        kept = Kept(key, whole, name, size)
        self.rows.append(kept)
        while len(self.rows) > ROWS or (self.size > self.most and len(self.rows) > 1):
            self.drop(self.rows[0])
        return kept

    def use(self, kept: Kept) -> None:
        self.rows.remove(kept)
        self.rows.append(kept)

    def drop(self, kept: Kept) -> None:
        self.rows.remove(kept)
        self.shelf.give_back(kept.name)

    def clear(self) -> None:
        for one in list(self.rows):
            self.drop(one)

    def _of(self, key: str) -> Iterator[Kept]:
        return (one for one in self.rows if one.key in {key, COMMON})

    def _read(self, name: str, known: Tokens, saved: int) -> Tokens:
        """The engine's file begins with its tokens, behind a head that each version of it has made another way.

        Where they are not found there, what is known is what the file is known by.
        """
        raw = self.shelf.read(name, 4 * (HEAD + saved))
        words = np.frombuffer(raw[: len(raw) // 4 * 4], dtype=np.int32)
        for begin in range(min(HEAD, len(words) - saved + 1)):
            if saved >= len(known) and np.array_equal(words[begin : begin + len(known)], known):
                return words[begin : begin + saved].copy()
        return known[:saved]
