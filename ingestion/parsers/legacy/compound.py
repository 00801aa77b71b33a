"""Compound files, in which the Office programs up to 2003 kept their documents: streams in a file system of sectors.

After [MS-CFB]. Every chain is followed at most once through each sector, whatever it says.
"""

from __future__ import annotations

import functools
import mmap
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingestion.parsers.package import broken

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END = 0xFFFFFFFA  # and above: marks, and no sectors
_STREAM, _ROOT = 2, 5
_ENTRIES_MOST = 100_000


@dataclass(frozen=True)
class _Entry:
    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


class Compound:
    def __init__(self, raw: bytes | mmap.mmap) -> None:
        """Raises ParseFailed."""
        try:
            self._read(raw)
        except (struct.error, IndexError, ValueError, OverflowError):
            raise broken() from None

    def _read(self, raw: bytes | mmap.mmap) -> None:
        if raw[: len(MAGIC)] != MAGIC:
            raise broken()
        self._raw = raw
        shift, mini_shift = struct.unpack_from("<HH", raw, 30)
        if shift not in {9, 12} or mini_shift != 6:
            raise broken()
        self._size, self._mini_size = 1 << shift, 1 << mini_shift
        self._cutoff, first_mini, _, first_more = struct.unpack_from("<IIII", raw, 56)
        self._fat = self._table(self._fat_sectors(first_more))
        entries = self._joined(struct.unpack_from("<I", raw, 48)[0])
        self._entries = [_entry(entries, at) for at in range(0, min(len(entries), _ENTRIES_MOST * 128) - 127, 128)]
        if not self._entries or self._entries[0].kind != _ROOT:
            raise broken()
        self._first_mini = first_mini
        self.names = {entry.name: entry for entry in self._level(self._entries[0].child)}

    def stream(self, name: str) -> bytes:
        """Empty where there is none of that name in the root."""
        entry = self.names.get(name)
        if entry is None or entry.kind != _STREAM:
            return b""
        try:
            if entry.size < self._cutoff:
                return self._small(entry)
            return self._joined(entry.start)[: entry.size]
        except (struct.error, IndexError):
            raise broken() from None

    def _sector(self, at: int) -> bytes:
        return self._raw[(at + 1) * self._size : (at + 2) * self._size]

    def _fat_sectors(self, more: int) -> list[int]:
        found = list(struct.unpack_from("<109I", self._raw, 76))
        for _ in range(len(self._raw) // self._size):
            if more >= _END:
                break
            *listed, more = struct.unpack(f"<{self._size // 4}I", self._sector(more))
            found += listed
        return [at for at in found if at < _END][: len(self._raw) // self._size + 1]

    def _table(self, sectors: list[int]) -> list[int]:
        found: list[int] = []
        for at in sectors:
            sector = self._sector(at)
            found += struct.unpack(f"<{len(sector) // 4}I", sector[: len(sector) // 4 * 4])
        return found

    def _joined(self, at: int) -> bytes:
        return b"".join(map(self._sector, _chain(self._fat, at)))

    @functools.cached_property
    def _mini(self) -> tuple[list[int], bytes]:
        """The table of small sectors, and all of them: read where a small stream is asked for."""
        return self._table(_chain(self._fat, self._first_mini)), self._joined(self._entries[0].start)

    def _small(self, entry: _Entry) -> bytes:
        table, sectors = self._mini
        starts = (at * self._mini_size for at in _chain(table, entry.start))
        return b"".join(sectors[start : start + self._mini_size] for start in starts)[: entry.size]

    def _level(self, at: int) -> Iterator[_Entry]:
        """The entries of one folder, which stand in a tree."""
        open_ends, seen = [at], set[int]()
        while open_ends:
            at = open_ends.pop()
            if at < len(self._entries) and at not in seen:
                seen.add(at)
                entry = self._entries[at]
                yield entry
                open_ends += [entry.left, entry.right]


def _chain(table: Sequence[int], at: int) -> list[int]:
    """From sector `at` on, as the table says which one follows; none twice."""
    found: dict[int, None] = {}
    while at < len(table) and at not in found:
        found[at] = None
        at = table[at]
    return list(found)


def _entry(raw: bytes, at: int) -> _Entry:
    length = min(max(struct.unpack_from("<H", raw, at + 64)[0] - 2, 0), 62)
    name = raw[at : at + length].decode("utf-16-le", "replace")
    left, right, child = struct.unpack_from("<III", raw, at + 68)
    start, size = struct.unpack_from("<II", raw, at + 116)
    return _Entry(name, raw[at + 66], left, right, child, start, size)
