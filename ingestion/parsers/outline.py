"""Sections grown from headings and blocks, in reading order: what all formats have in common."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from governance.sentence import phrase
from ingestion.parsers.base import Locator, ParseFailed, Section

TITLE_MAX = 200
SECTIONS_MOST = 100_000
_SPACES = re.compile(r"[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")
# Nobody sees these: NUL and other controls, which Postgres or JSON would refuse; soft hyphens, which cut words in two
# for a search; and marks that reverse or hide text, by which a document can say to a model what it shows to no reader.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})


class Outline:
    """Takes headings, pages and blocks in the order of the document, and gives its sections."""

    def __init__(self, most: int) -> None:
        """`most` characters are taken; more end in ParseFailed."""
        self._left = most
        self._path: list[tuple[int, str]] = []
        self._blocks: list[str] = []
        self._page: int | None = None
        self._sections: list[Section] = []
        self._is_bare = False

    def heading(self, level: int, text: str) -> None:
        """`level` counts from 1, the outermost; a heading closes those of its level and below."""
        said = one_line(text)
        if not said:
            return
        self._end()
        if self._is_bare and level <= self._path[-1][0]:
            self._keep_bare()
        self._path = [(other, above) for other, above in self._path if other < level] + [(level, said)]
        self._is_bare = True

    def page(self, number: int) -> None:
        self._end()
        self._page = number

    def block(self, text: str) -> None:
        said = legible(text).strip("\n")
        if not said.strip():
            return
        self._left -= len(said)
        if self._left < 0:
            raise too_large()
        self._blocks.append(said)
        self._is_bare = False

    def sections(self) -> tuple[Section, ...]:
        self._end()
        if self._is_bare:
            self._keep_bare()
        return tuple(self._sections)

    @property
    def first_heading(self) -> str:
        return next((one.heading_path[0] for one in self._sections if one.heading_path), "")[:TITLE_MAX]

    def _end(self) -> None:
        if self._blocks:
            self._add(tuple(said for _, said in self._path), "\n\n".join(self._blocks))
            self._blocks = []

    def _keep_bare(self) -> None:
        """A heading with nothing below it is still something that the document says."""
        *above, said = (title for _, title in self._path)
        self._add(tuple(above), said)
        self._is_bare = False

    def _add(self, path: tuple[str, ...], text: str) -> None:
        if len(self._sections) == SECTIONS_MOST:
            raise too_large()
        place = Locator(page=self._page, heading=path[-1] if path else None, start=0, end=len(text))
        self._sections.append(Section(path, text, place))


def too_large() -> ParseFailed:
    return ParseFailed("too_large", "The document is longer than is read.", phrase("Split it into smaller documents."))


def legible(text: str) -> str:
    """What a reader sees of it, composed (NFC): "ﬁ" in two letters, no marks that nobody sees."""
    shown = text.replace("\r\n", "\n").replace("\r", "\n").translate(_LIGATURES)
    return unicodedata.normalize("NFC", _UNSEEN.sub("", _SPACES.sub("\n", shown)))


def one_line(text: str) -> str:
    return " ".join(legible(text).split())


def table(rows: Sequence[Sequence[str]]) -> str:
    """Markdown, the first row as its header. Empty where there is nothing in it."""
    cells = [[one_line(cell).replace("|", "\\|") for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    if not cells:
        return ""
    width = max(len(row) for row in cells)
    lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in cells]
    return "\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])
