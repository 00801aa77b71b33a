"""One hostile file, and how an archive is written that no honest program would write."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """`kind` is what it tries; `is_heavy` takes seconds of the processor, to make or to read: it runs in the bench alone."""

    kind: str
    name: str
    made: bytes | Callable[[], bytes]
    is_heavy: bool = False

    @property
    def content(self) -> bytes:
        return self.made if isinstance(self.made, bytes) else self.made()

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True)
class Member:
    """Of a ZIP. What is None is what the content says; `at` is the offset of another local header to lie about."""

    name: bytes
    content: bytes = b""  # as it stands in the archive
    method: int = 0
    size: int | None = None  # unpacked, as it claims
    crc: int = 0
    flags: int = 0
    mode: int = 0o100644
    at: int | None = None


def deflated(content: bytes, level: int = 9) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def zeros(amount: int) -> bytes:
    """So many, deflated, without having them: a megabyte that begins anew comes out the same each time."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return piece * (amount >> 20) + b"\x03\x00"


def zlib_zeros(amount: int) -> bytes:
    """The same within zlib's frame: their checksum is known without having them."""
    return b"\x78\xda" + zeros(amount) + struct.pack(">I", (amount % 65_521) << 16 | 1)


def packed(*members: Member) -> bytes:
    body, directory = bytearray(), bytearray()
    for one in members:
        size = len(one.content) if one.size is None else one.size
        shared = struct.pack(
            "<HHHHHIIIHH", 20, one.flags, one.method, 0, 33, one.crc, len(one.content), size, len(one.name), 0
        )
        at = len(body) if one.at is None else one.at
        if one.at is None:
            body += b"PK\x03\x04" + shared + one.name + one.content
        directory += (
            b"PK\x01\x02" + struct.pack("<H", 0x031E) + shared + struct.pack("<HHHII", 0, 0, 0, one.mode << 16, at)
        ) + one.name
    end = struct.pack("<HHHHIIH", 0, 0, len(members) & 0xFFFF, len(members) & 0xFFFF, len(directory), len(body), 0)
    return bytes(body + directory + b"PK\x05\x06" + end)
