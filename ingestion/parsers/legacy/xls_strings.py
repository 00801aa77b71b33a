"""Strings of an XLS: one may be cut by the end of a record, and go on in the next one in another width."""

from __future__ import annotations

import struct
from collections.abc import Sequence


class Segments:
    """Records that are one, read from the front."""

    def __init__(self, records: Sequence[bytes]) -> None:
        self._records, self._record, self._at = records, 0, 0

    @property
    def is_over(self) -> bool:
        self._turn()
        return self._record >= len(self._records)

    def _turn(self) -> bool:
        """To the next record where this one has ended."""
        turned = False
        while self._record < len(self._records) and self._at >= len(self._records[self._record]):
            self._record, self._at, turned = self._record + 1, 0, True
        return turned

    def take(self, size: int) -> bytes:
        """Whatever is there of it."""
        parts: list[bytes] = []
        while size > 0 and not self.is_over:
            part = self._records[self._record][self._at : self._at + size]
            self._at += len(part)
            size -= len(part)
            parts.append(part)
        return b"".join(parts)

    def signs(self, count: int, *, is_wide: bool) -> str:
        """Where a record begins within a string, its first byte says in which width that goes on."""
        parts: list[str] = []
        while count > 0:
            if self._turn() and self._record < len(self._records):
                is_wide = bool(self._records[self._record][0] & 1)
                self._at = 1
            if self._record >= len(self._records):
                break
            width = 2 if is_wide else 1
            left = (len(self._records[self._record]) - self._at) // width
            taken = min(count, left)
            raw = self._records[self._record][self._at : self._at + taken * width]
            parts.append(raw.decode("utf-16-le" if is_wide else "latin-1", "replace"))
            self._at += taken * width if taken else 1
            count -= taken
        return "".join(parts)


def string(segments: Segments) -> str:
    """With two bytes of length, one of flags, and what formats and readings it has behind it."""
    head = segments.take(3)
    if len(head) < 3:
        return ""
    count, told = struct.unpack("<HB", head)
    runs = struct.unpack("<H", segments.take(2).ljust(2, b"\0"))[0] if told & 8 else 0
    more = struct.unpack("<I", segments.take(4).ljust(4, b"\0"))[0] if told & 4 else 0
    said = segments.signs(count, is_wide=bool(told & 1))
    segments.take(4 * runs + more)
    return said


def short_string(said: bytes, at: int) -> str:
    """With one byte of length and one of flags."""
    count, told = said[at], said[at + 1]
    width = 2 if told & 1 else 1
    return said[at + 2 : at + 2 + count * width].decode("utf-16-le" if told & 1 else "latin-1", "replace")
