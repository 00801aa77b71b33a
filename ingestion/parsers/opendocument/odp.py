"""ODP: slide after slide, each with its title as heading, its boxes in the order they are read, and its notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from ingestion.parsers.base import Locator, Parsed, Parser
from ingestion.parsers.office import pptx
from ingestion.parsers.office.slides import Place, in_reading_order
from ingestion.parsers.opendocument import odf
from ingestion.parsers.opendocument.odf import DRAW, OFFICE, SHOWN, STYLE, TEXT
from ingestion.parsers.opendocument.odf_blocks import Blocks
from ingestion.parsers.outline import Outline, one_line
from ingestion.parsers.package import broken

_CLASS, _EMPTY = SHOWN + "class", SHOWN + "placeholder"
_UNREAD = frozenset(("header", "footer", "date-time", "page-number", "page"))
_GROUPS_DEEPEST = 20


@dataclass(frozen=True)
class _Box:
    element: Any
    place: Place

    @property
    def kind(self) -> str:
        return self.element.get(_CLASS) or ""


class Odp(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        package = odf.opened(stream, self.bounds.unpacked)
        root = package.xml(odf.CONTENT)
        body = root.find(f"{OFFICE}body/{OFFICE}presentation") if root is not None else None
        if body is None:
            raise broken()
        outline = Outline(self.bounds.characters)
        blocks, hidden = Blocks(outline, package, root), _hidden_styles(root)
        pages = list(body.iterchildren(DRAW + "page"))
        for at, page in enumerate(pages, 1):
            _slide(outline, blocks, page, at)
            self.on_page(at, len(pages))
        sections = outline.filled()
        unseen = [at for at, page in enumerate(pages, 1) if page.get(DRAW + "style-name") in hidden]
        title = odf.title(package) or outline.first_heading
        warnings, found = pptx.hidden_slides(unseen), odf.found_flags(package, root)
        return Parsed(title, sections, len(pages), warnings, found, dated=odf.dated(package))


def _hidden_styles(root: Any) -> set[str]:
    found = root.iter(STYLE + "style")
    return {
        style.get(STYLE + "name", "")
        for style in found
        if any(one.get(SHOWN + "visibility") == "hidden" for one in style.iterchildren("*"))
    }


def _slide(outline: Outline, blocks: Blocks, page: Any, at: int) -> None:
    boxes = [box for box in _boxes(page, 0) if box.kind not in _UNREAD]
    title = next((box for box in boxes if box.kind == "title" and _words(box.element)), None)
    outline.leave()
    outline.place(Locator(slide=at))
    outline.heading(1, _words(title.element) if title is not None else "")
    for box in in_reading_order(boxes):
        if box is not title:
            _write(blocks, box.element)
    for notes in page.iterchildren(SHOWN + "notes"):
        for box in _boxes(notes, 0):
            if box.kind == "notes" and _words(box.element):
                outline.block(pptx.NOTES)
                _write(blocks, box.element)


def _boxes(holder: Any, depth: int) -> Iterator[_Box]:
    for element in holder:
        if element.tag == DRAW + "g" and depth < _GROUPS_DEEPEST:
            yield from _boxes(element, depth + 1)
        elif isinstance(element.tag, str) and element.tag.startswith(DRAW) and element.get(_EMPTY) != "true":
            yield _Box(element, odf.frame_place(element))


def _write(blocks: Blocks, element: Any) -> None:
    if element.tag == DRAW + "frame":
        blocks.frame(element)
    else:
        blocks.read(element)


def _words(element: Any) -> str:
    return one_line(" ".join(odf.said(one) for one in element.iter(TEXT + "p")))
