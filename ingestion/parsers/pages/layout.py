"""From the lines of PDF pages to headings, paragraphs, lists and tables, by sizes, gaps and columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from ingestion.parsers import written
from ingestion.parsers.base import Spot
from ingestion.parsers.outline import Outline
from ingestion.parsers.pages import heads, notes, rows
from ingestion.parsers.pages.lines import Line
from ingestion.parsers.pages.notes import Note
from ingestion.parsers.written import Written

LARGER = 1.1  # the letters of a heading, of those of the text
HEADING_MAX = 120  # characters
COLUMN_TEXT = 30  # characters a cell: with more the "table" is a page in columns
LEVELS = 5
NAMED_LEAST, NAMED_MOST = 3, 0.4  # headings that tags name, and their share of all letters
_BULLET = re.compile(r"[•▪◦‣●■○]\s*|[–—*-]\s+")
_ITEM = re.compile(r"(?:- |\(?\d{1,3}[.)] |\(?[a-z][.)] )")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_NUMBER = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})*|[A-Z])[.)]?")
_NO_HEADING = re.compile(rf"{_BULLET.pattern}|(?:figure|fig\.|table|abbildung|abb\.|tabelle)\s*\d", re.IGNORECASE)
_ENDS = (".", ",", ";", ":")


@dataclass(frozen=True)
class Body:
    """The text's own letters, and the sizes of headings from the largest."""

    size: float
    is_bold: bool
    sizes: tuple[float, ...]
    titles: Mapping[str, int] = field(default_factory=dict)
    is_tagged: bool = False

    def level(self, line: Line) -> int:
        """0 for text. Bold letters of the text's size make the lowest heading."""
        if line.is_running or line.is_broken or line.ruled or line.is_head or line.is_row:
            return 0
        if self.is_tagged and line.tag is not None:
            return line.tag[0]
        if self.titles:
            return self.titles.get(plain(line.text), 0)
        text = line.text
        is_one = len(line.cells) == 1 or (len(line.cells) == 2 and bool(_NUMBER.fullmatch(line.cells[0].text)))
        if not is_one or len(text) > HEADING_MAX or not _LETTERS.search(text):
            return 0
        if line.size >= self.size * LARGER:
            return 1 + min(self.sizes.index(line.size), LEVELS - 1) if line.size in self.sizes else LEVELS
        is_set_apart = line.is_bold and not self.is_bold and line.size >= 0.95 * self.size
        is_phrase = not text.endswith(_ENDS) and not _NO_HEADING.match(text)
        return LEVELS + 1 if is_set_apart and is_phrase else 0


def plain(title: str) -> str:
    """As it is compared: a heading's number may be set apart from it, and its letters spaced."""
    return re.sub(r"[\W_]+", "", title).lower()


def headed(letters: Body, pages: Sequence[Sequence[Line]], bookmarks: Sequence[tuple[int, str]]) -> Body:
    """With the bookmarks (level, title) as headings, where letters set no heading apart."""
    if not bookmarks or any(letters.level(line) for page in pages for line in page):
        return letters
    titles = {plain(title): level for level, title in reversed(bookmarks) if plain(title)}
    return replace(letters, titles=titles)


def body(pages: Sequence[Sequence[Line]]) -> Body:
    sizes: Counter[float] = Counter()
    bold = letters = 0
    for line in (line for page in pages for line in page):
        sizes[line.size] += len(line.text)
        letters += len(line.text)
        bold += len(line.text) * line.is_bold
    usual = sizes.most_common(1)[0][0] if sizes else 1.0
    larger = tuple(sorted((one for one in sizes if one >= usual * LARGER), reverse=True))
    return Body(usual, bold * 2 > letters, larger, is_tagged=_is_tagged(pages, letters))


def _is_tagged(pages: Sequence[Sequence[Line]], letters: int) -> bool:
    """Whether the document's own word for its headings is the last. Of one that names few so, next to everything, or whole
    paragraphs, the letters tell more.
    """
    runs = [
        sum(len(line.text) for line in run)
        for page in pages
        for tag, run in groupby(page, key=lambda line: line.tag)
        if tag and tag[0]
    ]
    return len(runs) >= NAMED_LEAST and sum(runs) < NAMED_MOST * letters and max(runs) <= HEADING_MAX


def write(outline: Outline, lines: Sequence[Line], letters: Body) -> None:
    """One page. What runs through the document is said after the first words of its page: by itself it is no passage, and
    where a heading says the same it is not said again.
    """
    said = {plain(line.text) for line in lines if letters.level(line)}
    running = [line for line in lines if line.is_running and plain(line.text) not in said]
    text, found = notes.apart([line for line in lines if not line.is_running], letters.size)
    writing = _Page(outline, letters, [_joined([line]) for line in running], found)
    for block in _blocks(heads.marked(_in_columns(rows.whole(text))), letters):
        writing.block(block)
    writing.end()


class _Page:
    def __init__(self, outline: Outline, letters: Body, running: list[Written], found: list[Note]) -> None:
        self._outline, self._letters = outline, letters
        self._running, self._notes = running, found
        self._items: list[Written] = []

    def block(self, block: Sequence[Line]) -> None:
        level = self._letters.level(block[0])
        is_text = not level and len(block[0].cells) == 1 and not block[0].is_head
        said = _marked(_joined(block)) if is_text else None
        if said is not None and _ITEM.match(said.text):
            self._items.append(written.joined([said, *self._referred(block)], "\n"))
            return
        self._end_list()
        if level:
            heading = _joined(block)
            self._outline.heading(level, heading.text, heading.spots)
            self._say([], block)
        else:
            self._say([block[0].ruled or said or rows.told(block)], block)

    def end(self) -> None:
        self._end_list()
        for rest in (*self._running, *(_joined(note.lines) for note in self._notes)):
            self._outline.block(rest.text, rest.spots)

    def _end_list(self) -> None:
        items, self._items = self._items, []
        if items:
            self._say([written.joined(items, "\n")], [])

    def _say(self, parts: list[Written], block: Sequence[Line]) -> None:
        whole = written.joined([*parts, *self._referred(block)], "\n")
        self._outline.block(whole.text, whole.spots)
        running, self._running = (self._running, []) if whole.text.strip() else ([], self._running)
        for line in running:
            self._outline.block(line.text, line.spots)

    def _referred(self, block: Sequence[Line]) -> list[Written]:
        """The notes that it refers to, each once."""
        marks = {mark for line in block for mark in line.marks}
        here = [note for note in self._notes if note.mark in marks]
        self._notes = [note for note in self._notes if note.mark not in marks]
        return [_joined(note.lines) for note in here]


def largest(page: Sequence[Line], letters: Body) -> str:
    """The heading in the largest letters, or nothing. A title is often tagged as none."""
    letters = replace(letters, is_tagged=False)
    headings = [line for line in page if letters.level(line)]
    return max(headings, key=lambda line: line.size).text if headings else ""


def _in_columns(lines: Sequence[Line]) -> list[Line]:
    """A page that writes two columns of text row by row is read one column after the other."""
    ordered: list[Line] = []
    run: list[Line] = []
    for line in lines:
        is_pair = len(line.cells) == 2 and not line.ruled
        if run and not (is_pair and _same(run[-1], line)):
            ordered += _turned(run)
            run = []
        (run if is_pair else ordered).append(line)
    return ordered + _turned(run)


def _same(above: Line, below: Line) -> bool:
    return all(abs(one.left - other.left) < below.size for one, other in zip(above.cells, below.cells, strict=True))


def _turned(run: list[Line]) -> list[Line]:
    texts = [len(cell.text) for line in run for cell in line.cells]
    if len(run) < 4 or min(texts, default=0) < COLUMN_TEXT // 2 or sum(texts) < COLUMN_TEXT * len(texts):
        return run
    broken = [replace(line, cells=(cell,)) for cell_at in (0, 1) for line in run for cell in (line.cells[cell_at],)]
    return [replace(line, is_broken=line.is_broken and at >= len(run)) for at, line in enumerate(broken)]


def _blocks(lines: Sequence[Line], letters: Body) -> Iterator[list[Line]]:
    block: list[Line] = []
    for line in lines:
        if block and _parts(block, line, letters):
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _parts(block: Sequence[Line], line: Line, letters: Body) -> bool:
    above = block[-1]
    fall = above.foot - line.foot
    level = letters.level(line)
    if level != letters.level(above) or line.ruled or above.ruled:
        return True
    if level and letters.is_tagged and line.tag is not None:
        return line.tag != above.tag
    if level:
        return line.size != above.size or not 0 < fall <= rows.GAP * line.size
    if len(above.cells) > 1 or len(line.cells) > 1 or above.is_head or line.is_head or above.is_row or line.is_row:
        return not rows.continues(block, line, fall)
    return _ITEM.match(_marked(Written(line.text)).text) is not None or not 0 <= fall <= rows.GAP * max(
        above.size, line.size
    )


def _joined(lines: Sequence[Line]) -> Written:
    """As one paragraph. A word broken at a line's end is made whole; before a capital or a figure its hyphen is its own."""
    text, is_broken = "", False
    spots: list[Spot] = []
    for line in lines:
        said = line.text
        if is_broken:
            said = said if said[0].islower() else f"-{said}"
        elif text:
            text += " "
        if line.box:
            spots.append(Spot(len(text), len(text) + len(said), box=line.box))
        text += said
        is_broken = line.is_broken
    return Written(text + ("-" if is_broken else ""), tuple(spots))


def _marked(said: Written) -> Written:
    """With the sign of a list's item written as the others are."""
    sign = _BULLET.match(said.text)
    if sign is None:
        return said
    text = f"- {said.text[sign.end() :]}"
    return Written(text, tuple(written.moved(said.spots, len(text) - len(said.text), len(text))))
