"""The lines of a PDF page: what stands in them, how large, how bold, and which gaps set cells apart."""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

CELL_GAP = 1.15  # of the letters' size: a wider gap is no space between words
_HYPHENS = frozenset((0x02, 0xFFFE))  # what pdfium gives for a hyphen at which a line was broken
_BREAKS = frozenset((0x0A, 0x0D))
_MARK = re.compile(r"(?:[•▪◦‣●■○–—*-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\Z")


@dataclass(frozen=True)
class Cell:
    """`left` and `right` in points from the page's left edge."""

    text: str
    left: float
    right: float


@dataclass(frozen=True)
class Line:
    """`size` is the height of its letters and `foot` its distance from the page's lower edge, in points. `is_broken`
    where a word is broken at its end; `is_running` where other pages repeat it.
    """

    cells: tuple[Cell, ...]
    size: float
    foot: float
    is_bold: bool
    is_broken: bool = False
    is_running: bool = False

    @property
    def text(self) -> str:
        return " ".join(cell.text for cell in self.cells)

    @property
    def left(self) -> float:
        return self.cells[0].left


def read(page: pypdfium2.PdfTextPage) -> list[Line]:
    """In the order in which the page writes them."""
    codes = [pdfium.FPDFText_GetUnicode(page.raw, at) for at in range(page.count_chars())]
    return list(_lines(page.raw, codes))


def _lines(page: Any, codes: list[int]) -> Iterator[Line]:
    start = 0
    for at, code in enumerate([*codes, 0x0A]):
        ends = code in _BREAKS or code in _HYPHENS
        if ends:
            line = _line(page, codes, start, at, is_broken=code in _HYPHENS)
            if line is not None:
                yield line
            start = at + 1


def _line(page: Any, codes: list[int], start: int, end: int, *, is_broken: bool) -> Line | None:
    seen = [at for at in range(start, end) if codes[at] > 0x20 and codes[at] != 0xA0]
    if not seen:
        return None
    samples = (seen[0], seen[len(seen) // 2], seen[-1])
    size = Counter(_size(page, at) for at in samples).most_common(1)[0][0]
    cells = tuple(_cells(page, codes, seen, size))
    return Line(cells, size, _foot(page, seen[0]), all(_is_bold(page, at) for at in samples), is_broken)


def _cells(page: Any, codes: list[int], seen: list[int], size: float) -> Iterator[Cell]:
    first, right = 0, 0.0
    left = _box(page, seen[0])[0]
    for place, at in enumerate(seen):
        if place and at > seen[place - 1] + 1:  # only where there is a space can there be a gap
            right, next_left = _box(page, seen[place - 1])[1], _box(page, at)[0]
            words = _text(codes, seen[first], at)
            if next_left - right > CELL_GAP * size and not _MARK.match(words):
                yield Cell(words, left, right)
                first, left = place, next_left
    yield Cell(_text(codes, seen[first], seen[-1] + 1), left, _box(page, seen[-1])[1])


def _text(codes: list[int], start: int, end: int) -> str:
    signs = "".join(map(chr, codes[start:end]))
    # Signs beyond the first 65,536 may come as two halves.
    return " ".join(signs.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore").split())


def _box(page: Any, at: int) -> tuple[float, float]:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    pdfium.FPDFText_GetCharBox(page, at, left, right, bottom, top)
    return left.value, right.value


def _foot(page: Any, at: int) -> float:
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetCharOrigin(page, at, x, y)
    return y.value


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
