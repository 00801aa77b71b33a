"""The port of parsers: a stream of bytes in, sections of text with their places out.

Tables arrive as Markdown: a header row, a delimiter row, body rows, each on a line that begins with "|". List items are
lines that begin with "- " or a number and a dot. Everything else is paragraphs, with an empty line between them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, Self

from governance.errors import ChanceryError
from governance.sentence import phrase

SCANNED_PAGES = phrase(
    "%(bare)s of %(total)s pages hold no text and may be scans: %(some)s. Text recognition is not available."
)
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
class Locator:
    """Where a text stands in its document.

    `page` counts from 1; `heading` is the nearest one above; `start` and `end` are characters of the text of its
    section. What a format does not have is None.
    """

    page: int | None = None
    heading: str | None = None
    start: int | None = None
    end: int | None = None

    def to_json(self) -> dict[str, int | str | None]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(stored.get("page"), stored.get("heading"), stored.get("start"), stored.get("end"))


@dataclass(frozen=True)
class Section:
    """Text under one heading, on one page where there are pages. `heading_path` runs from the outermost heading in."""

    heading_path: tuple[str, ...]
    text: str
    locator: Locator


@dataclass(frozen=True)
class Parsed:
    """`pages` is None for a format without pages. `warnings` are sentences for the document's owner."""

    title: str
    sections: tuple[Section, ...]
    pages: int | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bounds:
    """How much is read of one document. `unpacked` is bytes: what an archive may hold once it is decompressed."""

    pages: int = 5_000
    characters: int = 20_000_000
    unpacked: int = 256 << 20


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
