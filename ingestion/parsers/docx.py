"""DOCX: headings, paragraphs, lists, tables, notes and text boxes in the order in which they stand.

Read straight from the package: a document keeps text in content controls, insertions and text boxes, which libraries
that model paragraphs and runs pass over.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from governance.sentence import phrase
from ingestion.parsers.base import Parsed, ParseFailed, Parser
from ingestion.parsers.outline import TITLE_MAX, Outline, one_line, table
from ingestion.parsers.package import Package, W
from ingestion.parsers.styles import Lists, Styles
from ingestion.parsers.text import empty

# Containers without text of their own, whose content stands in the body as it is.
_THROUGH = frozenset(W + tag for tag in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo"))
_INLINE_SIGNS = {W + "tab": "\t", W + "br": "\n", W + "cr": "\n", W + "noBreakHyphen": "-", W + "softHyphen": ""}
# Deleted text, instructions of fields, and the second version of a drawing for old programs.
_UNSAID = frozenset((W + "del", W + "moveFrom", W + "instrText", W + "delText", W + "pPr"))
_BOX = W + "txbxContent"
_DEEPEST = 60


class Docx(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        package = Package(io.BytesIO(stream.read()), self.bounds.unpacked)
        body = package.document().find(W + "body")
        if body is None:
            raise empty()
        reading = _Reading(package, Outline(self.bounds.characters))
        reading.read(body, 0)
        sections = reading.ended()
        if not sections:
            raise empty()
        title = reading.title or one_line(package.title()) or reading.outline.first_heading
        return Parsed(title[:TITLE_MAX], sections)


class _Reading:
    def __init__(self, package: Package, outline: Outline) -> None:
        self.outline = outline
        self.title = ""
        self._styles = Styles(package.part("styles"))
        self._lists = Lists(package.part("numbering"))
        self._notes = {kind: package.notes(kind) for kind in ("footnote", "endnote")}
        self._items: list[str] = []

    def read(self, container: Any, depth: int) -> None:
        """The blocks of the body, a cell, a note or a text box."""
        if depth > _DEEPEST:
            raise ParseFailed("too_large", "The document is nested too deeply to be read.", phrase("Save it as PDF."))
        for block in container:
            if block.tag == W + "p":
                self._paragraph(block, depth)
            elif block.tag == W + "tbl":
                self._end_list()
                self._table(block, depth)
            elif block.tag in _THROUGH:
                self.read(block, depth + 1)

    def ended(self) -> tuple[Any, ...]:
        self._end_list()
        return self.outline.sections()

    def _paragraph(self, paragraph: Any, depth: int) -> None:
        said = _said(paragraph)
        style = self._styles.of(paragraph)
        mark = self._lists.mark(paragraph, style) if said.strip() else None
        if mark is not None and not style.level:
            self._items.append(f"{mark} {' '.join(said.split())}")
        elif said.strip():
            self._end_list()
            if style.is_title and not self.title:
                self.title = one_line(said)
            elif style.level:
                self.outline.heading(style.level, said)
            else:
                self.outline.block(said)
        self._beside(paragraph, depth)

    def _beside(self, paragraph: Any, depth: int) -> None:
        """Notes stand after the paragraph that refers to them, text boxes after the one that holds them."""
        for kind, notes in self._notes.items():
            for reference in paragraph.iter(f"{W}{kind}Reference"):
                note = notes.get(reference.get(W + "id", ""))
                if note is not None:
                    self._end_list()
                    self.read(note, depth + 1)
        for box in _boxes(paragraph):
            self._end_list()
            self.read(box, depth + 1)

    def _table(self, element: Any, depth: int) -> None:
        rows = list(_rows(element, depth))
        if len(rows) == 1 and len(rows[0]) == 1:  # a frame around text, not a table
            for cell in element.iterdescendants(W + "tc"):
                self.read(cell, depth + 1)
                break
        else:
            self.outline.block(table(rows))

    def _end_list(self) -> None:
        self.outline.block("\n".join(self._items))
        self._items = []


def _said(element: Any) -> str:
    return "".join(_texts(element, 0))


def _texts(element: Any, depth: int) -> Iterator[str]:
    """The text of a paragraph without that of its text boxes, notes and deletions."""
    for child in element:
        tag = child.tag
        if tag == W + "t":
            yield child.text or ""
        elif tag in _INLINE_SIGNS:
            yield _INLINE_SIGNS[tag]
        elif tag == W + "sym":
            yield " "
        elif depth < _DEEPEST and not _is_unsaid(child):
            yield from _texts(child, depth + 1)


def _is_unsaid(element: Any) -> bool:
    tag = element.tag
    if not isinstance(tag, str) or tag in _UNSAID or tag == _BOX or tag.endswith("}Fallback"):
        return True
    hidden = element.find(f"{W}rPr/{W}vanish") if tag == W + "r" else None
    return hidden is not None and hidden.get(W + "val", "1") not in {"0", "false", "off"}


def _boxes(paragraph: Any) -> Iterator[Any]:
    for box in paragraph.iter(_BOX):
        inside_old = any(above.tag.endswith("}Fallback") for above in box.iterancestors())
        outermost = next((above for above in box.iterancestors(_BOX, W + "p") if above is not paragraph), None)
        if not inside_old and (outermost is None or not _is_below(outermost, paragraph)):
            yield box


def _is_below(element: Any, other: Any) -> bool:
    return any(above is other for above in element.iterancestors())


def _rows(element: Any, depth: int) -> Iterator[list[str]]:
    """A cell over several columns is followed by empty ones; one over several rows is repeated in each."""
    above: list[str] = []
    for row in _children(element, W + "tr"):
        cells: list[str] = []
        for cell in _children(row, W + "tc"):
            properties = cell.find(W + "tcPr")
            said = _cell(cell, depth)
            if _is_merged_up(properties) and len(cells) < len(above):
                said = above[len(cells)]
            cells += [said, *[""] * (_columns(properties) - 1)]
        above = cells
        yield cells


def _children(element: Any, tag: str) -> Iterator[Any]:
    """Also those inside content controls."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag in _THROUGH:
            yield from _children(child, tag)


def _cell(cell: Any, depth: int) -> str:
    if depth > _DEEPEST:
        return ""
    parts = []
    for block in cell:
        if block.tag == W + "p":
            parts.append(_said(block))
        elif block.tag == W + "tbl":
            parts += ["; ".join(filter(None, row)) for row in _rows(block, depth + 1)]
        elif block.tag in _THROUGH:
            parts.append(_cell(block, depth + 1))
    return " ".join(filter(None, map(str.strip, parts)))


def _is_merged_up(properties: Any) -> bool:
    merge = properties.find(W + "vMerge") if properties is not None else None
    return merge is not None and merge.get(W + "val", "continue") == "continue"


def _columns(properties: Any) -> int:
    span = properties.find(W + "gridSpan") if properties is not None else None
    said = span.get(W + "val", "1") if span is not None else "1"
    return max(1, min(int(said), 100)) if said.isdecimal() and len(said) < 6 else 1
