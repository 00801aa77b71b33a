"""XLS, of Excel 97 to 2003: every sheet, its tables row by row, numbers as they are shown.

After [MS-XLS]: a stream of records, first those of the book with all strings, then those of each sheet.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from ingestion.parsers.base import Parsed, Parser
from ingestion.parsers.legacy import ole
from ingestion.parsers.legacy.xls_strings import Segments, short_string, string
from ingestion.parsers.office import xlsx
from ingestion.parsers.outline import TITLE_MAX, Outline, one_line
from ingestion.parsers.package import broken, encrypted
from ingestion.parsers.tables import number_formats, sheets
from ingestion.parsers.tables.grids import MERGES_MOST, Cell, Grid, Merge

_BOF, _EOF, _CONTINUE, _FILEPASS, _SHEET, _STRINGS = 0x809, 0x0A, 0x3C, 0x2F, 0x85, 0xFC
_FORMAT, _XF, _DATES, _MERGED = 0x41E, 0xE0, 0x22, 0xE5
_LABEL_SST, _LABEL, _RSTRING, _NUMBER, _RK, _MULRK, _FORMULA, _STRING, _BOOLERR = (
    0xFD, 0x204, 0xD6, 0x203, 0x27E, 0xBD, 0x06, 0x207, 0x205,
)  # fmt: skip
_BIFF8 = 0x600
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_RECORDS_MOST = 10_000_000


@dataclass(frozen=True)
class _Record:
    kind: int
    said: bytes
    at: int  # where it begins in the stream


@dataclass
class _Book:
    strings: list[str] = field(default_factory=list)
    codes: dict[int, str] = field(default_factory=dict)
    formats: list[int] = field(default_factory=list)
    sheets: list[tuple[str, int, bool, int]] = field(default_factory=list)  # name, start, hidden, kind
    is_1904: bool = False


class Xls(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        file = ole.opened(stream)
        raw = file.stream(ole.WORKBOOK)
        if not raw:
            raise ole.too_old() if "Book" in file.names else broken()
        try:
            book = _book(raw)
            outline = Outline(self.bounds.characters)
            for name, start, _, kind in book.sheets:
                if kind == 0:
                    sheets.write(outline, name, _grid(raw, start, book))
        except (struct.error, IndexError, OverflowError):
            raise broken() from None
        sections = outline.filled()
        hidden = xlsx.hidden_sheets([name for name, _, is_hidden, _ in book.sheets if is_hidden])
        title, found = ole.title(file)[:TITLE_MAX], ole.found_flags(file)
        return Parsed(title, sections, warnings=hidden, flags=found, dated=ole.dated(file))


def _records(raw: bytes, at: int) -> Iterator[_Record]:
    """To the end of the book or sheet that begins there."""
    depth = 0
    for _ in range(_RECORDS_MOST):
        if at + 4 > len(raw):
            return
        kind, size = struct.unpack_from("<HH", raw, at)
        yield _Record(kind, raw[at + 4 : at + 4 + size], at)
        depth += (kind == _BOF) - (kind == _EOF)
        if kind == _EOF and depth <= 0:
            return
        at += 4 + size


def _book(raw: bytes) -> _Book:
    book = _Book()
    segments: list[bytes] = []
    was_strings = False
    for record in _records(raw, 0):
        if record.kind == _BOF and not record.at and struct.unpack_from("<H", record.said)[0] != _BIFF8:
            raise ole.too_old()
        if record.kind == _FILEPASS:
            raise encrypted()
        if record.kind == _STRINGS or (record.kind == _CONTINUE and was_strings):
            segments.append(record.said)
        was_strings = record.kind == _STRINGS or (record.kind == _CONTINUE and was_strings)
        _of_book(book, record)
    if segments:
        book.strings = _shared(segments)
    return book


def _of_book(book: _Book, record: _Record) -> None:
    said = record.said
    if record.kind == _SHEET:
        start, state, kind = struct.unpack_from("<IBB", said)
        book.sheets.append((one_line(short_string(said, 6)) or "Sheet", start, bool(state & 3), kind))
    elif record.kind == _FORMAT:
        book.codes[struct.unpack_from("<H", said)[0]] = string(Segments([said[2:]]))
    elif record.kind == _XF:
        book.formats.append(struct.unpack_from("<H", said, 2)[0])
    elif record.kind == _DATES:
        book.is_1904 = bool(struct.unpack_from("<H", said)[0])


def _shared(segments: list[bytes]) -> list[str]:
    count = struct.unpack_from("<I", segments[0], 4)[0]
    reading = Segments([segments[0][8:], *segments[1:]])
    found: list[str] = []
    while len(found) < count and not reading.is_over:
        found.append(string(reading))
    return found


def _grid(raw: bytes, start: int, book: _Book) -> Grid:
    grid = Grid()
    waiting: tuple[int, int] | None = None  # a formula whose result is a text, which comes next
    for record in _records(raw, start):
        said = record.said
        if record.kind == _STRING and waiting is not None:
            grid.put(*waiting, Cell(string(Segments([said]))))
        elif record.kind == _MERGED:
            _merge(grid, said)
        elif record.kind == _MULRK:
            row, first = struct.unpack_from("<HH", said)
            for at in range((len(said) - 6) // 6):
                style, packed = struct.unpack_from("<HI", said, 4 + 6 * at)
                grid.put(row + 1, first + at + 1, _figure(_unpacked(packed), style, book))
        elif record.kind in _CELLS:
            row, column, style = struct.unpack_from("<HHH", said)
            cell = _CELLS[record.kind](said, style, book)
            waiting = (row + 1, column + 1) if record.kind == _FORMULA and cell is None else waiting
            grid.put(row + 1, column + 1, cell or Cell(""))
    return grid


def _merge(grid: Grid, said: bytes) -> None:
    for at in range(min(struct.unpack_from("<H", said)[0], MERGES_MOST - len(grid.merges))):
        top, bottom, left, right = struct.unpack_from("<HHHH", said, 2 + 8 * at)
        grid.merges.append(Merge(top + 1, left + 1, bottom + 1, right + 1))


def _figure(value: float, style: int, book: _Book) -> Cell:
    key = book.formats[style] if style < len(book.formats) else 0
    code = book.codes.get(key) or number_formats.BUILT_IN.get(key, number_formats.GENERAL)
    if not math.isfinite(value):
        return Cell("")
    return Cell(*number_formats.shown(value, code, is_1904=book.is_1904))


def _unpacked(packed: int) -> float:
    """A number in 30 bits: the head of a float or a whole number, perhaps in hundredths."""
    if packed & 2:
        value = float((packed ^ 0x80000000) - 0x80000000 >> 2) if packed & 0x80000000 else float(packed >> 2)
    else:
        value = struct.unpack("<d", struct.pack("<Q", (packed & 0xFFFFFFFC) << 32))[0]
    return value / 100 if packed & 1 else value


def _formula(said: bytes, style: int, book: _Book) -> Cell | None:
    """What it came to; None where that is a text."""
    if said[12:14] != b"\xff\xff":
        return _figure(struct.unpack_from("<d", said, 6)[0], style, book)
    if said[6] == 0:
        return None
    return _truth(said[8], is_error=said[6] == 2) if said[6] in {1, 2} else Cell("")


def _truth(value: int, *, is_error: bool) -> Cell:
    return Cell(_ERRORS.get(value, "#N/A") if is_error else "TRUE" if value else "FALSE")


def _shared_label(said: bytes, style: int, book: _Book) -> Cell:
    at = struct.unpack_from("<I", said, 6)[0]
    return Cell(book.strings[at] if at < len(book.strings) else "")


def _own_label(said: bytes, style: int, book: _Book) -> Cell:
    return Cell(string(Segments([said[6:]])))


def _float(said: bytes, style: int, book: _Book) -> Cell:
    return _figure(struct.unpack_from("<d", said, 6)[0], style, book)


def _packed(said: bytes, style: int, book: _Book) -> Cell:
    return _figure(_unpacked(struct.unpack_from("<I", said, 6)[0]), style, book)


def _boolean(said: bytes, style: int, book: _Book) -> Cell:
    return _truth(said[6], is_error=bool(said[7]))


_CELLS: dict[int, Callable[[bytes, int, _Book], Cell | None]] = {
    _LABEL_SST: _shared_label,
    _LABEL: _own_label,
    _RSTRING: _own_label,
    _NUMBER: _float,
    _RK: _packed,
    _FORMULA: _formula,
    _BOOLERR: _boolean,
}
