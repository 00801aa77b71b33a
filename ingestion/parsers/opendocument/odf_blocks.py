"""Blocks of OpenDocument: headings, paragraphs, lists, tables and frames, wherever they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion.parsers.opendocument import odf
from ingestion.parsers.opendocument.odf import DRAW, OFFICE, STYLE, TABLE, TEXT
from ingestion.parsers.outline import Outline, one_line, table
from ingestion.parsers.package import Package, too_deep

_DEEPEST = 60
_INDENT_MOST = 8
_THROUGH = frozenset(
    (TEXT + "section", TEXT + "index-body", TEXT + "numbered-paragraph", OFFICE + "text", TEXT + "page-sequence")
)
# They say again what stands elsewhere in the document.
_INDEXES = frozenset(TEXT + f"{kind}-index" for kind in ("alphabetical", "illustration", "object", "table", "user")) | {
    TEXT + "table-of-content"
}
_RUNNING = tuple(STYLE + f"{which}{side}" for which in ("header", "footer") for side in ("", "-left", "-first"))
_SHAPES = frozenset(DRAW + kind for kind in ("custom-shape", "rect", "ellipse", "line", "polygon", "path", "circle"))


class Blocks:
    """Reads containers into an outline. `title` is the first paragraph that has the style of one."""

    def __init__(self, outline: Outline, package: Package, root: Any) -> None:
        self.title = ""
        self._outline, self._package = outline, package
        self._numbered: set[str] = set()
        self._titles = {"Title"}
        self._styles = package.part("styles.xml")
        for holder in (root, self._styles):
            if holder is not None:
                self._learn(holder)

    def read(self, container: Any, depth: int = 0) -> None:
        if depth > _DEEPEST:
            raise too_deep()
        for block in container:
            self._block(block, depth)

    def running(self) -> None:
        """What stands above and below every page, once and under no heading, unless it only counts pages."""
        self._outline.leave()
        holders = self._styles.iter(*_RUNNING) if self._styles is not None else ()
        told = (" ".join(one_line(odf.said(one)) for one in holder.iter(TEXT + "p", TEXT + "h")) for holder in holders)
        for said in dict.fromkeys(map(str.strip, told)):
            if any(sign.isalpha() for sign in said) and said != self.title:
                self._outline.block(said)

    def _learn(self, holder: Any) -> None:
        for style in holder.iter(TEXT + "list-style"):
            first = next(style.iterchildren("*"), None)
            if first is not None and first.tag == TEXT + "list-level-style-number":
                self._numbered.add(style.get(STYLE + "name", ""))
        for style in holder.iter(STYLE + "style"):
            if style.get(STYLE + "parent-style-name") in self._titles:
                self._titles.add(style.get(STYLE + "name", ""))

    def _block(self, block: Any, depth: int) -> None:
        tag = block.tag
        if tag == TEXT + "h":
            self._outline.heading(odf.repeats(block, TEXT + "outline-level"), odf.said(block))
            self._beside(block, depth)
        elif tag == TEXT + "p":
            self._paragraph(block, depth)
        elif tag in {TEXT + "list", TEXT + "ordered-list", TEXT + "unordered-list"}:
            self._outline.block("\n".join(self._items(block, 0, block.get(TEXT + "style-name", ""))))
            self._beside(block, depth)
        elif tag == TABLE + "table":
            self._table(block, depth)
        elif tag in _THROUGH:
            self.read(block, depth + 1)
        elif tag not in _INDEXES:
            self._drawn(block, depth)

    def _drawn(self, block: Any, depth: int) -> None:
        if block.tag == DRAW + "frame":
            self.frame(block, depth)
        elif block.tag in _SHAPES or block.tag == DRAW + "g":
            self.read(block, depth + 1)

    def _paragraph(self, block: Any, depth: int) -> None:
        said = odf.said(block)
        if said.strip() and not self.title and block.get(TEXT + "style-name") in self._titles:
            self.title = one_line(said)
        else:
            self._outline.block(said)
        self._beside(block, depth)

    def _beside(self, block: Any, depth: int) -> None:
        """Notes and boxes stand after what refers to them or holds them."""
        for element in _outermost(block):
            if element.tag == TEXT + "note":
                body = element.find(TEXT + "note-body")
                if body is not None:
                    self.read(body, depth + 1)
            else:
                self._drawn(element, depth + 1)

    def _items(self, element: Any, level: int, style: str) -> Iterator[str]:
        for number, item in enumerate(element.iterchildren(TEXT + "list-item", TEXT + "list-header"), 1):
            mark = f"{number}." if style in self._numbered or element.tag == TEXT + "ordered-list" else "-"
            words = " ".join(one_line(odf.said(one)) for one in item.iterchildren(TEXT + "p", TEXT + "h"))
            if words.strip():
                yield f"{'  ' * min(level, _INDENT_MOST)}{mark} {words.strip()}"
            for nested in item.iterchildren(TEXT + "list"):
                if level < _DEEPEST:
                    yield from self._items(nested, level + 1, nested.get(TEXT + "style-name", style))

    def _table(self, element: Any, depth: int) -> None:
        found = list(_cells(element))
        if len(found) == 1 and len(found[0]) == 1:  # a frame around text, not a table
            cell = next(element.iter(TABLE + "table-cell"), None)
            if cell is not None:
                self.read(cell, depth + 1)
            return
        self._outline.block(table(found))
        self._beside(element, depth)

    def frame(self, element: Any, depth: int = 0) -> None:
        """A box with text, a table, or a chart."""
        for inside in element:
            if inside.tag == DRAW + "text-box":
                self.read(inside, depth + 1)
            elif inside.tag == TABLE + "table":
                self._table(inside, depth)
            elif inside.tag == DRAW + "object":
                for block in _charted(self._package, inside):
                    self._outline.block(block)


def drawn(package: Package, holder: Any) -> Iterator[str]:
    """What boxes, shapes and charts say that lie on a sheet, or hang on one of its cells."""
    for one in holder.iter(DRAW + "text-box", DRAW + "object", *_SHAPES):
        if one.tag == DRAW + "object":
            yield from _charted(package, one)
        else:
            yield " ".join(odf.said(part) for part in one.iter(TEXT + "p"))


def _charted(package: Package, element: Any) -> Iterator[str]:
    """The titles of a chart and its figures, or the tables of a sheet that a frame shows."""
    root = odf.part_of(package, element)
    found = next(root.iter(OFFICE + "chart", OFFICE + "spreadsheet"), None) if root is not None else None
    for title in found.iter("{*}title", "{*}subtitle") if found is not None else ():
        yield " ".join(odf.said(one) for one in title.iter(TEXT + "p"))
    for one in found.iter(TABLE + "table") if found is not None else ():
        yield table(list(_cells(one)))


def _outermost(block: Any) -> Iterator[Any]:
    """The notes, frames and shapes in a paragraph, a list or a table, without those inside of them."""
    open_ends = [iter(block)]
    while open_ends:
        child = next(open_ends[-1], None)
        if child is None:
            open_ends.pop()
        elif child.tag in _SHAPES or child.tag in {TEXT + "note", DRAW + "frame", DRAW + "g"}:
            yield child
        elif isinstance(child.tag, str) and child.tag != OFFICE + "annotation":
            open_ends.append(iter(child))


def _cells(element: Any) -> Iterator[list[str]]:
    """A cell over several columns is followed by empty ones, one over several rows is repeated in each."""
    below: dict[int, tuple[int, str]] = {}
    for row in odf.rows(element):
        cells: list[str] = []
        for cell in row.iterchildren(TABLE + "table-cell", TABLE + "covered-table-cell"):
            for _ in range(min(odf.repeats(cell, TABLE + "number-columns-repeated"), 100)):
                cells.append(_cell(cell, len(cells), below))
        while cells and not cells[-1]:
            cells.pop()
        yield cells


def _cell(cell: Any, at: int, below: dict[int, tuple[int, str]]) -> str:
    if cell.tag == TABLE + "covered-table-cell":
        left, words = below.pop(at, (0, ""))
        if left > 1:
            below[at] = (left - 1, words)
        return words
    words = " ".join(
        filter(None, (one_line(odf.said(one)) for one in cell.iter(TEXT + "p", TEXT + "h") if _is_own(one)))
    )
    tall = odf.repeats(cell, TABLE + "number-rows-spanned")
    if tall > 1:
        below[at] = (tall - 1, words)
    return words


def _is_own(paragraph: Any) -> bool:
    """Not of a comment or a note."""
    above = paragraph.getparent()
    return above is None or above.tag not in {OFFICE + "annotation", TEXT + "note-body"}
