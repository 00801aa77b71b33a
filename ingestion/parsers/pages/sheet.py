"""A page as it is seen: turned as its /Rotate says and cut to its crop box, with its lower left corner at 0, 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import pypdfium2
import pypdfium2.raw as pdfium

from ingestion.parsers.base import Box

_LETTER = (0.0, 0.0, 612.0, 792.0)  # what viewers take for a page without a size


@dataclass(frozen=True)
class Sheet:
    """`left`, `bottom`, `right`, `top` in points of the page's own space; `turns` of 90 degrees clockwise."""

    left: float
    bottom: float
    right: float
    top: float
    turns: int = 0

    @classmethod
    def of(cls, page: pypdfium2.PdfPage) -> Self:
        seen = pdfium.FS_RECTF()
        sides = _LETTER
        if pdfium.FPDF_GetPageBoundingBox(page.raw, seen) and seen.right > seen.left and seen.top > seen.bottom:
            sides = (seen.left, seen.bottom, seen.right, seen.top)
        return cls(*sides, turns=pdfium.FPDFPage_GetRotation(page.raw) % 4)

    @property
    def width(self) -> float:
        return self.top - self.bottom if self.turns % 2 else self.right - self.left

    @property
    def height(self) -> float:
        return self.right - self.left if self.turns % 2 else self.top - self.bottom

    def point(self, x: float, y: float) -> tuple[float, float]:
        """From the page's own space; in points from the lower left corner that a reader sees."""
        if self.turns == 0:
            return x - self.left, y - self.bottom
        if self.turns == 1:
            return y - self.bottom, self.right - x
        if self.turns == 2:
            return self.right - x, self.top - y
        return self.top - y, x - self.left

    def box(self, left: float, bottom: float, right: float, top: float) -> Box | None:
        """Of points as they are seen; None for what stands outside of the page."""
        across = sorted(min(max(x / self.width, 0.0), 1.0) for x in (left, right))
        down = sorted(min(max(1 - y / self.height, 0.0), 1.0) for y in (bottom, top))
        if across[0] == across[1] or down[0] == down[1]:
            return None
        return Box(across[0], down[0], across[1], down[1])
