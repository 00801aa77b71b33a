"""The tables of a DOC: which pieces make its text, and which properties its paragraphs and signs have."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from ingestion.parsers.office.styles import named_level
from ingestion.parsers.package import broken

_PAGE = 512
_PIECES_MOST = 1_000_000
_CLX, _STYLES, _SIGN_PAGES, _PARAGRAPH_PAGES = 0x1A2, 0xA2, 0xFA, 0x102  # where the file says where they stand
_SPRM_SIZES = (1, 1, 2, 4, 2, 2, 0, 3)
_IN_TABLE, _ROW_END, _OUTLINE, _LIST, _LEVEL = 0x2416, 0x2417, 0x2640, 0x460B, 0x260A
_VANISH, _DELETED = 0x083C, 0x0800
_DEFINES_TABLE, _CHANGES_TABS = 0xD608, 0xC615
_HEADINGS, _TITLE_STYLE = range(1, 10), 62


@dataclass(frozen=True)
class _Piece:
    start: int  # in signs of the whole text
    said: str
    place: int  # in bytes of the stream
    width: int  # of a sign there


@dataclass(frozen=True)
class Text:
    pieces: tuple[_Piece, ...]

    def between(self, start: int, end: int) -> Iterator[tuple[str, int]]:
        """Each sign with its place in the stream, by which its properties are found."""
        for piece in self.pieces:
            first, last = max(start - piece.start, 0), min(end - piece.start, len(piece.said))
            for at in range(first, last):
                yield piece.said[at], piece.place + at * piece.width


@dataclass
class Paragraph:
    style: int = 0
    outline: int | None = None
    level: int = 0
    is_item: bool = False
    is_in_table: bool = False
    is_row_end: bool = False


@dataclass
class Properties:
    _starts: list[int] = field(default_factory=list)
    _paragraphs: list[Paragraph] = field(default_factory=list)
    _unseen: list[tuple[int, int]] = field(default_factory=list)

    def of(self, place: int) -> Paragraph:
        at = bisect_right(self._starts, place) - 1
        return self._paragraphs[at] if at >= 0 else Paragraph()

    def is_unseen(self, place: int) -> bool:
        at = bisect_right(self._unseen, (place, 1 << 40)) - 1
        return at >= 0 and self._unseen[at][0] <= place < self._unseen[at][1]


def pieces(raw: bytes, around: bytes) -> Text:
    start, length = struct.unpack_from("<II", raw, _CLX)
    clx, at = around[start : start + length], 0
    while at + 3 <= len(clx) and clx[at] == 1:  # properties that pieces share
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    if at + 5 > len(clx) or clx[at] != 2:
        raise broken()
    size = min(struct.unpack_from("<I", clx, at + 1)[0], len(clx) - at - 5)
    count = min((size - 4) // 12, _PIECES_MOST)
    bounds = struct.unpack_from(f"<{count + 1}I", clx, at + 5)
    found = []
    for number in range(count):
        told = struct.unpack_from("<I", clx, at + 5 + 4 * (count + 1) + 8 * number + 2)[0]
        signs = max(0, bounds[number + 1] - bounds[number])
        width = 1 if told & 0x40000000 else 2
        place = (told & 0x3FFFFFFF) // (2 if width == 1 else 1)
        said = raw[place : place + signs * width].decode("cp1252" if width == 1 else "utf-16-le", "replace")
        found.append(_Piece(bounds[number], said, place, width))
    return Text(tuple(found))


def properties(raw: bytes, around: bytes) -> Properties:
    found = Properties()
    told = []
    for start, _, page, at in _runs(raw, around, _PARAGRAPH_PAGES, 13):
        offset = page[at] * 2
        told.append((start, _paragraph(page, offset) if offset else Paragraph()))
    for start, paragraph in sorted(told, key=lambda one: one[0]):
        found._starts.append(start)
        found._paragraphs.append(paragraph)
    for start, end, page, at in _runs(raw, around, _SIGN_PAGES, 1):
        offset = page[at] * 2
        if offset:
            changed = dict(_sprms(page[offset + 1 : offset + 1 + page[offset]]))
            if any(changed.get(each, b"\0")[:1] == b"\1" for each in (_VANISH, _DELETED)):
                found._unseen.append((start, end))
    found._unseen.sort()
    return found


def _runs(raw: bytes, around: bytes, where: int, width: int) -> Iterator[tuple[int, int, bytes, int]]:
    """From and to which byte something holds, the page that says what, and where on it."""
    start, length = struct.unpack_from("<II", raw, where)
    plc = around[start : start + length]
    count = (len(plc) - 4) // 8
    for number in range(count):
        at = struct.unpack_from("<I", plc, 4 * (count + 1) + 4 * number)[0] & 0x3FFFFF
        page = raw[at * _PAGE : (at + 1) * _PAGE]
        if len(page) < _PAGE or 4 * (page[-1] + 1) + width * page[-1] > _PAGE:
            continue
        bounds = struct.unpack_from(f"<{page[-1] + 1}I", page, 0)
        for run in range(page[-1]):
            yield bounds[run], bounds[run + 1], page, 4 * (page[-1] + 1) + width * run


def _paragraph(page: bytes, offset: int) -> Paragraph:
    at, size = (offset + 1, 2 * page[offset] - 1) if page[offset] else (offset + 2, 2 * page[offset + 1])
    said = page[at : at + size]
    if len(said) < 2:
        return Paragraph()
    changed = dict(_sprms(said[2:]))
    outline = changed.get(_OUTLINE)
    return Paragraph(
        struct.unpack_from("<H", said)[0],
        outline[0] if outline else None,
        (changed.get(_LEVEL) or b"\0")[0],
        int.from_bytes(changed.get(_LIST, b""), "little") not in {0, 0xF801},
        changed.get(_IN_TABLE, b"\0")[:1] == b"\1",
        changed.get(_ROW_END, b"\0")[:1] == b"\1",
    )


def _sprms(said: bytes) -> Iterator[tuple[int, bytes]]:
    """Single properties: which, and what it is set to."""
    at = 0
    while at + 2 < len(said):
        which = struct.unpack_from("<H", said, at)[0]
        at += 2
        size = _SPRM_SIZES[which >> 13]
        if which == _DEFINES_TABLE:
            size = struct.unpack_from("<H", said[at : at + 2].ljust(2, b"\0"))[0] + 1
        elif not size:
            size = said[at] + 1
            if which == _CHANGES_TABS and size == 256:
                return  # its length is not told, and nothing after it is missed
        yield which, said[at : at + size]
        at += size


def styles(raw: bytes, around: bytes) -> dict[int, int]:
    """The levels of headings by the numbers of styles; -1 for that of a title."""
    start, length = struct.unpack_from("<II", raw, _STYLES)
    sheet = around[start : start + length]
    found = {number: number for number in _HEADINGS}
    if len(sheet) < 6:
        return found
    at = 2 + struct.unpack_from("<H", sheet)[0]
    base = struct.unpack_from("<H", sheet, 4)[0]
    number = 0
    while at + 4 <= len(sheet):
        size = struct.unpack_from("<H", sheet, at)[0]
        one = sheet[at + 2 : at + 2 + size]
        if level := _style_level(one, base):
            found[number] = level
        at += 2 + size
        number += 1
    return found


def _style_level(one: bytes, base: int) -> int:
    if len(one) < base + 2:
        return 0
    known = int(struct.unpack_from("<H", one)[0]) & 0xFFF
    if known in _HEADINGS:
        return known
    if known == _TITLE_STYLE:
        return -1
    signs = struct.unpack_from("<H", one, base)[0]
    return named_level(one[base + 2 : base + 2 + 2 * signs].decode("utf-16-le", "replace")) or 0
