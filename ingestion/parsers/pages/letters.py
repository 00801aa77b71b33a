"""The lines of a PDF page: what stands in them, how large, how bold, and which gaps set cells apart."""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pypdfium2
import pypdfium2.raw as pdfium

from ingestion.parsers.outline import one_line
from ingestion.parsers.pages import tags
from ingestion.parsers.pages.lines import Cell, Line, Tag
from ingestion.parsers.pages.rules import Rules
from ingestion.parsers.pages.sheet import Sheet

CELL_GAP = 1.15  # of the letters' size: a wider gap is no space between words
_INTO = 0.5  # points: letters may touch the line that parts them
ASCENT, DESCENT = 0.8, 0.25  # of the letters' size: how far a line reaches above and below its foot
_HYPHENS = frozenset((0x02, 0xFFFE))  # what pdfium gives for a hyphen at which a line was broken
_NOTED = re.compile(r"(?:(?<=[^\W\d_])|(?<=[.,;:!?)\]”’\"' ])(?<!\d[.,: ]))(?:\d{1,3}|[*†‡§¶]{1,3})(?!\w)")
_BREAKS = frozenset((0x0A, 0x0D))
_MARK = re.compile(r"(?:[•▪◦‣●■○–—*-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\Z")


def read(page: pypdfium2.PdfTextPage, sheet: Sheet, rules: Rules, tagged: Mapping[int, Tag]) -> list[Line]:
    """In the order in which the page writes them. What `rules` part are cells, however near they stand. `tagged` as
    `tags.of` tells it.
    """
    return list(_Letters(page, sheet, rules, tagged).lines())


class _Run(NamedTuple):
    """The first and the last letter of a cell, and the gaps between its words."""

    first: int
    last: int
    gaps: tuple[tuple[float, float], ...]


class _Letters:
    def __init__(self, page: pypdfium2.PdfTextPage, sheet: Sheet, rules: Rules, tagged: Mapping[int, Tag]) -> None:
        self._page: Any = page.raw
        self._sheet, self._rules, self._tagged = sheet, rules, tagged
        self._codes = _codes(page)
        self._said = "".join(map(chr, self._codes))
        self._sides = tuple(ctypes.c_double() for _ in range(4))

    def lines(self) -> Iterator[Line]:
        start = 0
        for at, code in enumerate([*self._codes, 0x0A]):
            if code in _BREAKS or code in _HYPHENS:
                line = self._line(start, at, is_broken=code in _HYPHENS)
                if line is not None:
                    yield line
                start = at + 1

    def _line(self, start: int, end: int, *, is_broken: bool) -> Line | None:
        seen = [at for at in range(start, end) if self._codes[at] > 0x20 and self._codes[at] != 0xA0]
        if not seen:
            return None
        samples = (seen[0], seen[len(seen) // 2], seen[-1])
        size = Counter(_size(self._page, at) for at in samples).most_common(1)[0][0]
        foot = self._foot(seen[0])
        cells = tuple(self._cell(run, foot, size) for run in self._runs(seen, size, foot + size / 3))
        cells = tuple(cell for cell in cells if cell.text)
        is_bold = all(_is_bold(self._page, at) for at in samples)
        marks = tuple(self._marks(start, end, size, foot))
        tag = tags.of_letter(self._page, seen[0], self._tagged)
        return Line(cells, size, foot, is_bold, is_broken, marks=marks, tag=tag) if cells else None

    def _marks(self, start: int, end: int, size: float, foot: float) -> Iterator[str]:
        """Raised figures and stars behind a word, as they refer to notes; what is raised behind a figure is a power."""
        for found in _NOTED.finditer(self._said, start, end):
            if self._is_raised(found.start(), size, foot):
                yield found[0]

    def _is_raised(self, at: int, size: float, foot: float) -> bool:
        return _size(self._page, at) < 0.85 * size and self._foot(at) > foot + 0.15 * size

    def _runs(self, seen: Sequence[int], size: float, height: float) -> Iterator[_Run]:
        """The letters of each cell: only where there is a space can there be a gap, or a drawn line."""
        first, gaps = 0, list[tuple[float, float]]()
        standing = self._rules.standing(height)
        for place, at in enumerate(seen):
            if place and at > seen[place - 1] + 1:
                right, next_left = self._box(seen[place - 1])[2], self._box(at)[0]
                is_gap = next_left - right > CELL_GAP * size and not _MARK.match(self._text(seen[first], at))
                if is_gap or (standing and any(right - _INTO < each < next_left + _INTO for each in standing)):
                    yield _Run(seen[first], seen[place - 1], tuple(gaps))
                    first, gaps = place, []
                else:
                    gaps.append((right, next_left))
        yield _Run(seen[first], seen[-1], tuple(gaps))

    def _cell(self, run: _Run, foot: float, size: float) -> Cell:
        first, last, gaps = run
        begins, ends = self._box(first), self._box(last)
        left, right = min(begins[0], ends[0]), max(begins[2], ends[2])
        bottom, top = min(begins[1], ends[1]), max(begins[3], ends[3])
        if top - bottom > right - left and last > first:  # it runs up or down the page
            boxes = [self._box(at) for at in range(first, last + 1) if self._codes[at] > 0x20]
            left, right = min(box[0] for box in boxes), max(box[2] for box in boxes)
        else:
            bottom, top = min(bottom, foot - DESCENT * size), max(top, foot + ASCENT * size)
        return Cell(self._text(first, last + 1), begins[0], ends[2], self._sheet.box(left, bottom, right, top), gaps)

    def _text(self, start: int, end: int) -> str:
        signs = "".join(map(chr, self._codes[start:end]))
        # Signs beyond the first 65,536 may come as two halves.
        return one_line(signs.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore"))

    def _box(self, at: int) -> tuple[float, float, float, float]:
        """Left, bottom, right, top, as it is seen."""
        left, right, bottom, top = self._sides
        pdfium.FPDFText_GetCharBox(self._page, at, left, right, bottom, top)
        x, y = self._sheet.point(left.value, bottom.value)
        other_x, other_y = self._sheet.point(right.value, top.value)
        if x > other_x:
            x, other_x = other_x, x
        return (x, y, other_x, other_y) if y <= other_y else (x, other_y, other_x, y)

    def _foot(self, at: int) -> float:
        x, y, _, _ = self._sides
        pdfium.FPDFText_GetCharOrigin(self._page, at, x, y)
        return self._sheet.point(x.value, y.value)[1]


def _codes(page: pypdfium2.PdfTextPage) -> Sequence[int]:
    """Of each sign; all at once, where the library leaves none of them out of the text."""
    count = page.count_chars()
    held = (ctypes.c_ushort * (count + 1))()
    if count and pdfium.FPDFText_GetText(page.raw, 0, count, held) == count + 1:
        return list(held[:count])
    return [pdfium.FPDFText_GetUnicode(page.raw, at) for at in range(count)]


def _size(page: Any, at: int) -> float:
    """To half a point. Many programs write letters of size 1 and stretch them: what counts is what is seen."""
    matrix = pdfium.FS_MATRIX()
    stretched = math.hypot(matrix.b, matrix.d) if pdfium.FPDFText_GetMatrix(page, at, matrix) else 1.0
    written: float = pdfium.FPDFText_GetFontSize(page, at)
    return max(0.5, round(2 * written * stretched) / 2)


def _is_bold(page: Any, at: int) -> bool:
    name = ctypes.create_string_buffer(128)
    pdfium.FPDFText_GetFontInfo(page, at, name, len(name), ctypes.c_int())
    return (
        bool(re.search(rb"bold|black|heavy", name.value, re.IGNORECASE))
        or pdfium.FPDFText_GetFontWeight(page, at) >= 700
    )
