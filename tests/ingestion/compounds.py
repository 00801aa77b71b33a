"""Compound files made on the spot: streams in sectors, and a list of the sectors."""

from __future__ import annotations

import struct

SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def compound(**streams: bytes) -> bytes:
    """Each stream padded to at least 4,096 bytes, so that none stands in the stream of small ones."""
    padded = {name.replace("_", " "): content.ljust(4096, b"\0") for name, content in streams.items()}
    chains: list[list[int]] = []
    body, at = b"", 0
    for content in padded.values():
        count = -(-len(content) // SECTOR)
        chains.append(list(range(at, at + count)))
        body += content.ljust(count * SECTOR, b"\0")
        at += count
    entries = [_entry("Root Entry", 5, 1 if padded else _FREE, _END, 0)]
    for number, (name, chain) in enumerate(zip(padded, chains, strict=True), 1):
        right = number + 1 if number < len(padded) else _FREE
        entries.append(_entry(name, 2, _FREE, chain[0], len(padded[name]), right))
    directory = b"".join(entries)
    count = -(-len(directory) // SECTOR)
    chains.append(list(range(at, at + count)))
    body += directory.ljust(count * SECTOR, b"\0")
    first_directory, at = at, at + count
    fats = 1
    while fats * 128 < at + fats:
        fats += 1
    table = [_FREE] * (fats * 128)
    for chain in chains:
        for one, other in zip(chain, [*chain[1:], _END], strict=True):
            table[one] = other
    for place in range(at, at + fats):
        table[place] = _FAT
    body += struct.pack(f"<{len(table)}I", *table)
    listed = [*range(at, at + fats), *[_FREE] * (109 - fats)]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 62, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, fats, first_directory, 0, 4096, _END, 0, _END, 0)
    return head + struct.pack("<109I", *listed) + body


def _entry(name: str, kind: int, child: int, start: int, size: int, right: int = _FREE) -> bytes:
    raw = name.encode("utf-16-le")
    told = raw.ljust(64, b"\0") + struct.pack(
        "<HBBIII", len(raw) + 2, kind, 1, _FREE, right, child if kind == 5 else _FREE
    )
    return told + bytes(36) + struct.pack("<III", start, size, 0)


def record(kind: int, said: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(said)) + said


def text(said: str) -> bytes:
    """As a workbook keeps it, two bytes a sign."""
    return struct.pack("<HB", len(said), 1) + said.encode("utf-16-le")


def workbook(*cells: bytes, before: bytes = b"", name: str = "Budget", state: int = 0) -> bytes:
    """One sheet with the records of its cells; `before` are records of the book."""
    begin, end = record(0x809, struct.pack("<HH", 0x600, 5) + bytes(12)), record(0x0A)
    label = bytes([len(name), 0]) + name.encode("latin-1")
    start = len(begin) + len(before) + len(record(0x85, bytes(6) + label)) + len(end)
    sheet = record(0x85, struct.pack("<IBB", start, state, 0) + label)
    inside = record(0x809, struct.pack("<HH", 0x600, 0x10) + bytes(12)) + b"".join(cells) + end
    return compound(Workbook=begin + before + sheet + end + inside)
