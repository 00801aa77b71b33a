"""Sections grown from headings and blocks, in reading order: what all formats have in common."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

from governance.sentence import phrase
from ingestion.parsers import written
from ingestion.parsers.base import Locator, ParseFailed, Section, Spot
from ingestion.parsers.written import Written

TITLE_MAX, ANCHOR_MAX = 200, 200
SECTIONS_MOST = 100_000
SPOTS_MOST = 300_000  # of a document: what stands further back is found without its line
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
        self._spots_left = SPOTS_MOST
        self._path: list[tuple[int, str, str]] = []
        self._blocks: list[Written] = []
        self._place = Locator()
        self._sections: list[Section] = []
        self._is_bare = False
        self._bare, self._bare_place = Written(""), Locator()

    def heading(self, level: int, text: str, spots: Sequence[Spot] = (), anchor: str = "") -> None:
        """`level` counts from 1, the outermost; a heading closes those of its level and below. `spots` as in a block, `anchor`
        as in a locator.
        """
        said = one_line(text)
        if not said:
            return
        self._end()
        if self._is_bare and level <= self._path[-1][0]:
            self._keep_bare()
        self._path = [one for one in self._path if one[0] < level] + [(level, said, one_line(anchor)[:ANCHOR_MAX])]
        self._is_bare, self._bare = True, Written(said, tuple(written.moved(spots, 0, len(said))))
        self._bare_place = self._place

    def leave(self) -> None:
        """What follows stands under no heading."""
        self._end()
        if self._is_bare:
            self._keep_bare()
        self._path = []

    def place(self, place: Locator) -> None:
        """Where everything stands from here on: a page, a slide, a range of columns of a sheet."""
        self._end()
        self._place = place

    def block(self, text: str, spots: Sequence[Spot] = ()) -> None:
        """`spots` count characters of `text`, which should be legible already where it has any."""
        shown = legible(text)
        said = shown.strip("\n")
        if not said.strip():
            return
        self._left -= len(said)
        if self._left < 0:
            raise too_large()
        before = len(shown) - len(shown.lstrip("\n"))
        kept = tuple(islice(written.moved(spots, -before, len(said)), self._spots_left))
        self._spots_left -= len(kept)
        self._blocks.append(Written(said, kept))
        self._is_bare = False

    def sections(self) -> tuple[Section, ...]:
        self._end()
        if self._is_bare:
            self._keep_bare()
        return tuple(self._sections)

    def filled(self) -> tuple[Section, ...]:
        """The sections of a document that says something. Raises ParseFailed."""
        sections = self.sections()
        if not sections:
            raise empty()
        return sections

    @property
    def first_heading(self) -> str:
        return next((one.heading_path[0] for one in self._sections if one.heading_path), "")[:TITLE_MAX]

    def _end(self) -> None:
        if self._blocks:
            self._add(self._path[:], written.joined(self._blocks, "\n\n"))
            self._blocks = []

    def _keep_bare(self) -> None:
        """A heading with nothing below it is still something that the document says."""
        here, self._place = self._place, self._bare_place
        self._add(self._path[:-1], self._bare)
        self._place, self._is_bare = here, False

    def _add(self, path: Sequence[tuple[int, str, str]], whole: Written) -> None:
        if len(self._sections) == SECTIONS_MOST:
            raise too_large()
        titles = tuple(title for _, title, _ in path)
        anchor = next((anchor for *_, anchor in reversed(self._path) if anchor), None)
        heading = titles[-1] if titles else None
        place = replace(self._place, heading=heading, start=0, end=len(whole.text), anchor=anchor)
        self._sections.append(Section(titles, whole.text, place, whole.spots))


def lined(lines: Iterable[str], first: int) -> tuple[str, list[Spot]]:
    """Lines of a text file as a block, each with its number there, counted from `first`."""
    shown, spots, at = list[str](), list[Spot](), 0
    for number, line in enumerate(lines, first):
        said = legible(line)
        if said.strip():
            spots.append(Spot(at, at + len(said), line=number))
        shown.append(said)
        at += len(said) + 1
    return "\n".join(shown), spots


def fenced(lines: Sequence[str], first: int) -> tuple[str, list[Spot]]:
    """The same for what must keep its lines: between fences, as Markdown has it. Empty lines at the ends are left out."""
    start = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    end = next((at for at in range(len(lines), start, -1) if lines[at - 1].strip()), start)
    text, spots = lined(lines[start:end], first + start)
    fence = "~~~" if "```" in text else "```"
    return (f"{fence}\n{text}\n{fence}" if text else ""), list(written.moved(spots, len(fence) + 1, len(text) + 4))


def empty() -> ParseFailed:
    return ParseFailed(
        "empty", "There is no text in this file.", phrase("Check that it is the file you meant to upload.")
    )


def too_large() -> ParseFailed:
    return ParseFailed("too_large", "The document is longer than is read.", phrase("Split it into smaller documents."))


def legible(text: str) -> str:
    """What a reader sees of it, composed (NFC): "ﬁ" in two letters, no marks that nobody sees."""
    shown = text.replace("\r\n", "\n").replace("\r", "\n").translate(_LIGATURES)
    return unicodedata.normalize("NFC", _UNSEEN.sub("", _SPACES.sub("\n", shown)))


def one_line(text: str) -> str:
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()  # as most cells of most tables are
    return " ".join(legible(text).split())


def few(names: Iterable[object], most: int = 10) -> str:
    """The first of them on one line, and a sign where there are more: a sentence names no thousand pages."""
    first = list(islice(names, most + 1))
    return ", ".join(one_line(str(name)) for name in first[:most]) + (" …" if len(first) > most else "")


def table(rows: Sequence[Sequence[str]]) -> str:
    """Markdown, the first row as its header. Empty where there is nothing in it."""
    cells = [[cell_text(cell) for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    if not cells:
        return ""
    width = max(len(row) for row in cells)
    lines = [row_line(row + [""] * (width - len(row))) for row in cells]
    return "\n".join([lines[0], delimiter_line(width), *lines[1:]])


def cell_text(text: str) -> str:
    return one_line(text).replace("|", "\\|")


def row_line(cells: Sequence[str]) -> str:
    """`cells` as `cell_text` gives them."""
    return f"| {' | '.join(cells)} |"


def delimiter_line(width: int) -> str:
    return f"|{' --- |' * width}"
