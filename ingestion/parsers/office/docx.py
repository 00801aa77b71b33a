"""DOCX: headings, paragraphs, lists, tables, notes and text boxes in the order in which they stand.

Read straight from the package: a document keeps text in content controls, insertions and text boxes, which libraries
that model paragraphs and runs pass over.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from governance.sentence import phrase, sentence
from ingestion.parsers.base import Parsed, Parser
from ingestion.parsers.office import charts
from ingestion.parsers.office.ooxml import W, found_flags, related
from ingestion.parsers.office.styles import Lists, Styles
from ingestion.parsers.outline import TITLE_MAX, Outline, empty, one_line, table
from ingestion.parsers.package import Package, broken, too_deep

COMMENTS = phrase("%(count)s comments in it are not read.")
TRACKED = phrase("Changes are tracked in it: what was inserted is read, what was deleted is not.")
# Containers without text of their own, whose content stands in the body as it is.
_THROUGH = frozenset(W + tag for tag in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo"))
_INLINE_SIGNS = {W + "tab": "\t", W + "br": "\n", W + "cr": "\n", W + "noBreakHyphen": "-", W + "softHyphen": ""}
# Deleted text, instructions of fields, and the second version of a drawing for old programs.
_UNSAID = frozenset((W + "del", W + "moveFrom", W + "instrText", W + "delText", W + "pPr", W + "rt"))
_TEXTS = frozenset((W + "t", "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"))
_BOX = W + "txbxContent"
_DOCUMENT = re.compile(r"word/document\d*\.xml")
_DEEPEST = 60


class Docx(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        package = Package(io.BytesIO(stream.read()), self.bounds.unpacked)
        name = next((name for name in sorted(package.names) if _DOCUMENT.fullmatch(name)), None)
        root = package.xml(name) if name else None
        body = root.find(W + "body") if root is not None else None
        if body is None:
            raise broken() if root is None else empty()
        reading = _Reading(package, name or "", Outline(self.bounds.characters))
        reading.read(body, 0)
        reading.read_running()
        sections = reading.outline.filled()
        title = reading.title or one_line(package.title()) or reading.outline.first_heading
        warnings, found = _warnings(package, body), found_flags(package)
        return Parsed(title[:TITLE_MAX], sections, warnings=warnings, flags=found, dated=package.dated())


def _warnings(package: Package, body: Any) -> tuple[str, ...]:
    comments = package.part("word/comments.xml")
    count = len(comments.findall(W + "comment")) if comments is not None else 0
    told: list[str] = [sentence(COMMENTS, count=count)] if count else []
    if next(body.iter(W + "ins", W + "del", W + "moveFrom"), None) is not None:
        told.append(TRACKED)
    return tuple(told)


class _Reading:
    def __init__(self, package: Package, name: str, outline: Outline) -> None:
        """`name` is that of the part with the text."""
        self.outline = outline
        self._package, self._name = package, name
        self.title = ""
        self._styles = Styles(package.part("word/styles.xml"))
        self._lists = Lists(package.part("word/numbering.xml"))
        self._notes = {kind: _notes(package, kind) for kind in ("footnote", "endnote")}
        self._items: list[str] = []

    def read(self, container: Any, depth: int) -> None:
        """The blocks of the body, a cell, a note or a text box."""
        if depth > _DEEPEST:
            raise too_deep()
        for block in container:
            if block.tag == W + "p":
                self._paragraph(block, depth)
            elif block.tag == W + "tbl":
                self._end_list()
                self._table(block, depth)
            elif block.tag in _THROUGH and not _is_contents(block):
                self.read(block, depth + 1)
        if not depth:
            self._end_list()

    def read_running(self) -> None:
        """What stands above and below every page, once and under no heading, unless it only counts pages."""
        self.outline.leave()
        names = dict.fromkeys(related(self._package, self._name, "header", "footer"))
        roots = [self._package.part(name) for name in names]
        said = [_cell(root, 0) for root in roots if root is not None]
        for running in dict.fromkeys(said):
            if any(sign.isalpha() for sign in running) and one_line(running) != self.title:
                self.outline.block(running)

    def _paragraph(self, paragraph: Any, depth: int) -> None:
        said = _said(paragraph)
        style = self._styles.of(paragraph)
        if style.is_contents:
            return
        mark = self._lists.mark(paragraph, style) if said.strip() else None
        if mark is not None and not style.level:
            self._items.append("\n".join([f"{mark} {' '.join(said.split())}", *self._referred(paragraph)]))
            self._boxed(paragraph, depth)
            return
        if said.strip():
            self._end_list()
            if style.is_title and not self.title:
                self.title = one_line(said)
            elif style.level:
                self.outline.heading(style.level, said)
            else:
                self.outline.block("\n".join([said, *self._referred(paragraph)]))
                self._boxed(paragraph, depth)
                return
        self._beside(paragraph, depth)

    def _referred(self, paragraph: Any) -> list[str]:
        """The notes that it refers to: they stand right under it, so that nothing is cut between."""
        found = [
            notes.get(reference.get(W + "id", ""))
            for kind, notes in self._notes.items()
            for reference in paragraph.iter(f"{W}{kind}Reference")
        ]
        return list(filter(None, (_cell(note, 0) for note in found if note is not None)))

    def _beside(self, paragraph: Any, depth: int) -> None:
        for note in self._referred(paragraph):
            self._end_list()
            self.outline.block(note)
        self._boxed(paragraph, depth)

    def _boxed(self, paragraph: Any, depth: int) -> None:
        """Text boxes stand after the paragraph that holds them."""
        for box in _boxes(paragraph):
            self._end_list()
            self.read(box, depth + 1)
        for block in charts.told(self._package, self._name, paragraph):
            self._end_list()
            self.outline.block(block)

    def _table(self, element: Any, depth: int) -> None:
        rows = list(_rows(element, depth))
        if len(rows) == 1 and len(rows[0]) == 1:  # a frame around text, not a table
            for cell in element.iterdescendants(W + "tc"):
                self.read(cell, depth + 1)
                return
        self.outline.block(table(rows))
        for paragraph in element.iter(W + "p"):
            if not any(True for _ in paragraph.iterancestors(_BOX)):
                self._beside(paragraph, depth)

    def _end_list(self) -> None:
        self.outline.block("\n".join(self._items))
        self._items = []


def _is_contents(block: Any) -> bool:
    """Whether it is a table of contents, which says again what the headings say."""
    gallery = block.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery") if block.tag == W + "sdt" else None
    return gallery is not None and gallery.get(W + "val") == "Table of Contents"


def _notes(package: Package, kind: str) -> dict[str, Any]:
    """Footnotes or endnotes by their ids; the lines that separate them from the text are none."""
    root = package.part(f"word/{kind}s.xml")
    found = root.iterchildren(W + kind) if root is not None else ()
    return {note.get(W + "id", ""): note for note in found if note.get(W + "type", "normal") == "normal"}


def _said(element: Any) -> str:
    return "".join(_texts(element, 0))


def _texts(element: Any, depth: int) -> Iterator[str]:
    """The text of a paragraph without that of its text boxes, notes and deletions."""
    for child in element:
        tag = child.tag
        if tag in _TEXTS:
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
