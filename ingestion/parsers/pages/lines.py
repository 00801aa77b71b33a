"""Lines of a page as they are read or recognised: what stands in their cells, how large and where.

Nothing here loads what reads or draws a page: the web process lays out no pages, but knows the sentences of who does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ingestion.parsers.base import Box
from ingestion.parsers.written import Written

Tag = tuple[int, int]


@dataclass(frozen=True)
class Cell:
    """`left` and `right` in points from the left edge of the page as it is seen; `box` where it stands there; `gaps` those
    between its words, where they are known.
    """

    text: str
    left: float
    right: float
    box: Box | None = None
    gaps: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Line:
    """`size` is the height of its letters and `foot` its distance from the page's lower edge, in points. `is_broken`
    where a word is broken at its end; `is_running` where other pages repeat it; `ruled` where it is a whole table, parted by
    drawn lines, as it is written; `is_head` and `is_row` where it belongs to the table below, or around it; `marks` are the
    raised signs in it that may refer to notes; `tag` is the level of the heading it is part of and
    which of the page's it is, (0, 0) for none, where the document says so itself.
    """

    cells: tuple[Cell, ...]
    size: float
    foot: float
    is_bold: bool
    is_broken: bool = False
    is_running: bool = False
    ruled: Written | None = None
    is_head: bool = False
    is_row: bool = False
    marks: tuple[str, ...] = ()
    tag: Tag | None = None

    @property
    def text(self) -> str:
        return " ".join(cell.text for cell in self.cells)

    @property
    def left(self) -> float:
        return self.cells[0].left

    @property
    def box(self) -> Box | None:
        return around(cell.box for cell in self.cells)


def around(boxes: Iterable[Box | None]) -> Box | None:
    """The rectangle that holds them all."""
    seen = [box for box in boxes if box is not None]
    if not seen:
        return None
    return Box(
        min(box.left for box in seen),
        min(box.top for box in seen),
        max(box.right for box in seen),
        max(box.bottom for box in seen),
    )
