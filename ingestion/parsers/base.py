"""The port of parsers: a stream of bytes in, sections of text with their places out.

Tables arrive as Markdown: a header row, a delimiter row, body rows, each on a line that begins with "|". List items are
lines that begin with "- " or a number and a dot. Everything else is paragraphs, with an empty line between them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Self

from governance.errors import ChanceryError
from governance.sentence import phrase

TOO_MANY_PAGES = phrase("The PDF has %(total)s pages; at most %(most)s are read.")


class ParseFailed(ChanceryError):
    """A document that cannot be read. `message` says what is wrong with it, `remedy` what its owner can do."""

    code = "parse_failed"
    status = 415

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy


@dataclass(frozen=True)
class Box:
    """A rectangle on a page, in shares of the page's width and height as it is seen, 0 to 1, from its upper left corner.

    `page` only where it is another than the locator's: a text may run on to the next one.
    """

    left: float
    top: float
    right: float
    bottom: float
    page: int | None = None

    def to_json(self) -> list[float]:
        sides = [round(side, 4) for side in (self.left, self.top, self.right, self.bottom)]
        return sides if self.page is None else [*sides, self.page]


@dataclass(frozen=True)
class Locator:
    """Where a text stands in its document.

    `page`, `slide` and `lines` count from 1; `lines` are the first and the last line of a text file, or row of `sheet`,
    whose columns are `columns` ("A:F"). `heading` is the nearest one above, `anchor` the id by which a link opens it or one
    above it; `start` and `end` are characters of the text
    of its section; `boxes` where it stands on the page; `confidence`, 0 to 1, how sure text recognition was of the page,
    where it has read it. What a format does not have is None.
    """

    page: int | None = None
    heading: str | None = None
    start: int | None = None
    end: int | None = None
    slide: int | None = None
    sheet: str | None = None
    columns: str | None = None
    lines: tuple[int, int] | None = None
    boxes: tuple[Box, ...] = ()
    confidence: float | None = None
    anchor: str | None = None

    def to_json(self) -> dict[str, Any]:
        """`page`, `heading`, `start` and `end` always, as the API has promised; the others where there is something."""
        told: dict[str, Any] = {"page": self.page, "heading": self.heading, "start": self.start, "end": self.end}
        for name in ("slide", "sheet", "columns", "anchor"):
            if (value := getattr(self, name)) is not None:
                told[name] = value
        if self.lines is not None:
            told["lines"] = list(self.lines)
        if self.confidence is not None:
            told["confidence"] = self.confidence
        if self.boxes:
            told["boxes"] = [box.to_json() for box in self.boxes]
        return told

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        lines = stored.get("lines")
        return cls(
            page=stored.get("page"),
            heading=stored.get("heading"),
            start=stored.get("start"),
            end=stored.get("end"),
            slide=stored.get("slide"),
            sheet=stored.get("sheet"),
            columns=stored.get("columns"),
            lines=(lines[0], lines[1]) if lines else None,
            boxes=tuple(Box(*sides) for sides in stored.get("boxes", ())),
            confidence=stored.get("confidence"),
            anchor=stored.get("anchor"),
        )


@dataclass(frozen=True)
class Spot:
    """Where characters `start` to `end` of a section's text stand: in which line or row, in which box of the page."""

    start: int
    end: int
    line: int | None = None
    box: Box | None = None

    def to_json(self) -> list[Any]:
        return [self.start, self.end, self.line, self.box.to_json() if self.box else None]

    @classmethod
    def from_json(cls, told: Sequence[Any]) -> Self:
        start, end, line, box = told
        return cls(start, end, line, Box(*box) if box else None)


@dataclass(frozen=True)
class Section:
    """Text under one heading, on one page where there are pages. `heading_path` runs from the outermost heading in;
    `spots` stand in the order of the text.
    """

    heading_path: tuple[str, ...]
    text: str
    locator: Locator
    spots: tuple[Spot, ...] = ()


@dataclass(frozen=True)
class Part:
    """A document within a document: what is attached to a mail, a member of an archive. `path` is what it is called
    there, with its folders: a stranger's words, which nobody may take for a place to write to.
    """

    path: str
    content: bytes


@dataclass(frozen=True)
class Skipped:
    """A document within a document that is not handed out, and why, in a sentence."""

    path: str
    why: str


@dataclass(frozen=True)
class Parsed:
    """`pages` is None for a format without pages. `warnings` are sentences for the document's owner; `flags` the names in
    ingestion.parsers.flags of what the document carries beside its words. `parts` are the documents within this one, in
    their order, and often read only as they are asked for: once, then. `unread` are the pages that hold no text of their
    own and may be read by text recognition. `dated` is when it was changed last, as it says of itself.
    """

    title: str
    sections: tuple[Section, ...]
    pages: int | None = None
    warnings: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    parts: Iterable[Part | Skipped] = ()
    unread: tuple[int, ...] = ()
    dated: datetime | None = None


@dataclass(frozen=True)
class Bounds:
    """How much is read of one document. `unpacked` is bytes: what an archive may hold once it is decompressed, and all
    `parts` together; `part` is the most bytes of one of them, `parts` how many there may be.
    """

    pages: int = 5_000
    characters: int = 20_000_000
    unpacked: int = 256 << 20
    parts: int = 5_000
    part: int = 64 << 20


BOUNDS = Bounds()


def unheard(done: int, total: int) -> None:
    """The listener of a parser whose progress nobody follows."""


class Parser(ABC):
    """Contract: the same bytes give the same sections; whatever cannot be read ends in ParseFailed and nothing else.

    A parser of a format with pages tells `on_page(done, total)` of each that it has read.
    """

    def __init__(self, bounds: Bounds = BOUNDS, on_page: Callable[[int, int], None] = unheard) -> None:
        self.bounds = bounds
        self.on_page = on_page

    @abstractmethod
    def parse(self, stream: BinaryIO) -> Parsed:
        """Read the stream from where it stands to its end. Raises ParseFailed."""
