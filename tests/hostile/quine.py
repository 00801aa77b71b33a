"""An archive that holds itself: its one member, unpacked, is the archive, byte by byte, and so without an end.

After R. Cox, "Zip Files All The Way Down" (2010): what is packed is a program of two orders, print what follows and repeat what
was printed, that prints the file it stands in. Its checksum stands in the file it is of: it is where an affine map over 32 bits
maps to itself.
"""

from __future__ import annotations

import struct
import zlib

UNIT = 10  # bytes: every order is as long as the others
_EMPTY, _LAST = b"\x00\x00\x00\xff\xff", b"\x01\x00\x00\xff\xff"  # blocks that print nothing; the last one says so
_FIXED, _END = "010", "0000000"  # a block in the code that needs no table, and its end
_LENGTHS = (
    (3, 257, 0),
    (11, 265, 1),
    (19, 269, 2),
    (35, 273, 3),
    (67, 277, 4),
    (131, 281, 5),
)  # from, code, extra bits


def quine(name: bytes = b"again.zip") -> bytes:
    """A ZIP whose member `name` is the ZIP itself."""
    mark = b"\xaa\xbb\xcc\xdd"
    head, tail = 30 + len(name), len(_LAST) + 46 + len(name) + 22
    size = len(_program(bytes(head), bytes(tail)))
    before, after = _around(name, mark, size - head - tail + len(_LAST), size)
    return _signed(_program(before, after), mark)


def _around(name: bytes, crc: bytes, packed: int, size: int) -> tuple[bytes, bytes]:
    shared = struct.pack("<HHHHH", 20, 0, 8, 0, 33) + crc + struct.pack("<IIHH", packed, size, len(name), 0)
    before = b"PK\x03\x04" + shared + name
    listed = b"PK\x01\x02" + struct.pack("<H", 20) + shared + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    end = struct.pack("<HHHHIIH", 0, 0, 1, 1, len(listed), len(before) + packed, 0)
    return before, _LAST + listed + b"PK\x05\x06" + end


def _program(before: bytes, after: bytes) -> bytes:
    first, last = len(before) + UNIT, len(after) + UNIT
    say, again = _say, _again
    parts = [
        before, say(first), before, say(first), again(first), say(UNIT), again(first), say(UNIT), say(UNIT),
        say(4 * UNIT), again(first), say(UNIT), say(UNIT), say(4 * UNIT), again(4 * UNIT),
        say(4 * UNIT), again(4 * UNIT), say(4 * UNIT), again(4 * UNIT), say(4 * UNIT), again(4 * UNIT),
        say(4 * UNIT), again(4 * UNIT), say(0), say(0), say(last), again(4 * UNIT),
        say(0), say(0), say(last), again(last), after, again(last), after,
    ]  # fmt: skip
    return b"".join(parts)


def _say(amount: int) -> bytes:
    """Print so many bytes that follow."""
    return _EMPTY + b"\x00" + struct.pack("<HH", amount, amount ^ 0xFFFF)


def _again(amount: int) -> bytes:
    """Repeat so many bytes that were printed last."""
    least, code, extra = max(one for one in _LENGTHS if one[0] <= amount)
    code, rest = code + ((amount - least) >> extra), (amount - least) & ((1 << extra) - 1)
    bits = _FIXED + _code(code) + _figure(rest, extra) + _distance(amount) + _END
    bits = _FIXED + _END + bits + "000"  # between two blocks that print nothing; the later one begins at a whole byte
    bits += "0" * (-len(bits) % 8)
    raw = bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8)) + _EMPTY[1:]
    assert len(raw) == UNIT, (amount, len(raw))
    return raw


def _code(code: int) -> str:
    """Of a length: high bits first."""
    return f"{code - 256:07b}" if code < 280 else f"{code - 280 + 0xC0:08b}"


def _figure(value: int, bits: int) -> str:
    """Low bits first."""
    return f"{value:0{bits}b}"[::-1] if bits else ""


def _distance(amount: int) -> str:
    code, start = 0, 1
    while amount >= start + (1 << max(0, code // 2 - 1)):
        start += 1 << max(0, code // 2 - 1)
        code += 1
    return f"{code:05b}" + _figure(amount - start, max(0, code // 2 - 1))


def _signed(whole: bytes, mark: bytes) -> bytes:
    """With its own checksum where `mark` stands: each bit of that changes the checksum of the file by a fixed pattern."""

    def checked(crc: int) -> int:
        return zlib.crc32(whole.replace(mark, struct.pack("<I", crc)))

    base = checked(0)
    # Rows of (map + identity) x = base, a bit of x each; eliminated as in school.
    columns = [checked(1 << bit) ^ base ^ (1 << bit) for bit in range(32)]
    rows = [sum((columns[at] >> bit & 1) << at for at in range(32)) | (base >> bit & 1) << 32 for bit in range(32)]
    for bit in range(32):
        pivot = next(at for at in range(bit, 32) if rows[at] >> bit & 1)
        rows[bit], rows[pivot] = rows[pivot], rows[bit]
        rows = [row ^ rows[bit] if at != bit and row >> bit & 1 else row for at, row in enumerate(rows)]
    return whole.replace(mark, struct.pack("<I", sum((rows[bit] >> 32 & 1) << bit for bit in range(32))))
