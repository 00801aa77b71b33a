"""PPTX: slide after slide, each with its title as heading, its boxes in the order they are read, and its notes."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from governance.sentence import phrase, sentence
from ingestion.parsers.base import Locator, Parsed, Parser
from ingestion.parsers.office import charts, drawing
from ingestion.parsers.office.ooxml import P, R, found_flags, is_on, main_part, related
from ingestion.parsers.office.slides import Boxes, Shape, in_reading_order, layout_boxes, shapes
from ingestion.parsers.outline import TITLE_MAX, Outline, few, one_line, table
from ingestion.parsers.package import Package, broken

HIDDEN_SLIDES = phrase("Hidden slides are read as the others: %(some)s.")
NOTES = "Notes:"
Layouts = Callable[[Package, str], Boxes]


class Pptx(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        package = Package(io.BytesIO(stream.read()), self.bounds.unpacked)
        names = list(_slides(package))
        outline = Outline(self.bounds.characters)
        layouts = functools.cache(layout_boxes)  # of this deck: a hundred slides share a few layouts
        hidden = []
        for at, name in enumerate(names, 1):
            root = package.part(name)
            if root is not None:
                _slide(outline, package, layouts, name, root, at)
                hidden += [] if is_on(root.get("show"), default=True) else [at]
            self.on_page(at, len(names))
        sections = outline.filled()
        title = one_line(package.title())
        title = outline.first_heading if title in {"", "PowerPoint Presentation"} else title
        warnings, found = hidden_slides(hidden), found_flags(package)
        return Parsed(title[:TITLE_MAX], sections, len(names), warnings, found, dated=package.dated())


def _slides(package: Package) -> Iterator[str]:
    """The parts of the slides in the order in which they are shown."""
    name = main_part(package, "ppt/presentation.xml")
    root = package.xml(name) if name else None
    if root is None:
        raise broken()
    relations = package.relations(name)
    for one in root.iterfind(f"{P}sldIdLst/{P}sldId"):
        relation = relations.get(one.get(R + "id", ""))
        if relation is not None and relation.target in package.names:
            yield relation.target


def hidden_slides(hidden: list[int]) -> tuple[str, ...]:
    if not hidden:
        return ()
    return (sentence(HIDDEN_SLIDES, some=few(hidden)),)


def _slide(outline: Outline, package: Package, layouts: Layouts, name: str, root: Any, at: int) -> None:
    layout = next(iter(related(package, name, "slideLayout")), "")
    found = [*shapes(root, layouts(package, layout))]
    title = next((shape for shape in found if shape.is_title and _words(shape)), None)
    outline.leave()
    outline.place(Locator(slide=at))
    outline.heading(1, _words(title) if title is not None else "")
    for shape in in_reading_order(found):
        if shape is not title:
            outline.block(_block(shape))
            for block in charts.told(package, name, shape.element) if shape.is_graphic else ():
                outline.block(block)
    for note in _notes(package, name):
        outline.block(note)


def _words(shape: Shape) -> str:
    return one_line(" ".join(drawing.lines(shape.body))) if shape.body is not None else ""


def _block(shape: Shape) -> str:
    if shape.body is not None:
        return drawing.block(shape.body, is_list=shape.is_list)
    found = shape.element.find(".//{*}tbl") if shape.is_graphic else None
    return table(list(drawing.rows(found))) if found is not None else ""


def _notes(package: Package, slide: str) -> Iterator[str]:
    """What the speaker says: it explains the slide, and stands under it."""
    for name in related(package, slide, "notesSlide"):
        root = package.part(name)
        bodies = [one.body for one in shapes(root, {}) if one.is_notes] if root is not None else []
        said = [drawing.block(body) for body in bodies if body is not None]
        yield from [NOTES, *said] if any(said) else []
