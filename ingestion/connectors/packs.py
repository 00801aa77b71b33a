"""A pack of Git objects looked through before anything unpacks it: how large each object will be, and how many there are.

A pack of a megabyte may hold a blob of a gigabyte, or a delta that says so. See gitformat-pack(5).
"""

from __future__ import annotations

import zlib
from typing import BinaryIO

OFS_DELTA, REF_DELTA = 6, 7
OBJECTS_MAX = 1_000_000
PIECE = 64 * 1024


class BadPack(Exception):
    """No pack, or one that holds more than is unpacked."""


class _Reader:
    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.held = b""

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, number: int) -> bytes:
        while len(self.held) < number:
            piece = self.file.read(PIECE)
            if not piece:
                raise BadPack
            self.held += piece
        taken, self.held = self.held[:number], self.held[number:]
        return taken

    def inflated(self, size: int) -> bytes:
        """Past one object that has to come out as `size` bytes; its first bytes."""
        unpacking, first, count = zlib.decompressobj(), b"", 0
        while not unpacking.eof:
            fed = unpacking.unconsumed_tail or self.held or self.file.read(PIECE)
            if not fed:
                raise BadPack
            if not unpacking.unconsumed_tail:
                self.held = b""
            try:
                piece = unpacking.decompress(fed, PIECE)
            except zlib.error:
                raise BadPack from None
            count += len(piece)
            first += piece[: max(0, 32 - len(first))]
            if count > size:
                raise BadPack
        self.held = unpacking.unused_data + self.held
        if count != size:
            raise BadPack
        return first


def check(file: BinaryIO, largest: int, in_all: int) -> None:
    """Raises BadPack where an object would be larger than `largest` bytes, or all of them than `in_all`."""
    reader = _Reader(file)
    head = reader.take(12)
    number = int.from_bytes(head[8:12], "big")
    if head[:4] != b"PACK" or head[4:8] not in {b"\0\0\0\2", b"\0\0\0\3"} or number > OBJECTS_MAX:
        raise BadPack
    for _ in range(number):
        kind, size = _header(reader)
        if kind == OFS_DELTA:
            while reader.byte() & 0x80:
                pass
        elif kind == REF_DELTA:
            reader.take(20)
        if size > largest:
            raise BadPack
        first = reader.inflated(size)
        becomes = _delta_result(first) if kind in {OFS_DELTA, REF_DELTA} else size
        in_all -= becomes
        if becomes > largest or in_all < 0:
            raise BadPack


def _header(reader: _Reader) -> tuple[int, int]:
    byte = reader.byte()
    kind, size, shift = (byte >> 4) & 7, byte & 15, 4
    while byte & 0x80:
        byte = reader.byte()
        size |= (byte & 0x7F) << shift
        shift += 7
        if shift > 60:
            raise BadPack
    return kind, size


def _delta_result(first: bytes) -> int:
    """A delta begins with the size of what it is applied to and the size of what comes out."""
    at, found = 0, 0
    for _ in range(2):
        found, shift = 0, 0
        while True:
            if at >= len(first) or shift > 60:
                raise BadPack
            byte = first[at]
            found |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if not byte & 0x80:
                break
    return found
