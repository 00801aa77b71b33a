"""PPT, of PowerPoint 97 to 2003: slide after slide, each with its title as heading, its boxes, and its notes.

After [MS-PPT]: records within records. What was saved last stands at the end, and lists where the slides are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from ingestion.parsers import flags
from ingestion.parsers.base import Locator, Parsed, Parser
from ingestion.parsers.legacy import ole
from ingestion.parsers.legacy.compound import Compound
from ingestion.parsers.office import pptx
from ingestion.parsers.office.slides import Place, in_reading_order
from ingestion.parsers.outline import TITLE_MAX, Outline, one_line
from ingestion.parsers.package import broken, encrypted

_EDIT, _DIRECTORY, _LIST, _PERSIST, _NOTES_ATOM, _SLIDE_SHOW = 0x0FF5, 0x1772, 0x0FF0, 0x03F3, 0x03F1, 0x03F9
_HEADER, _WIDE, _NARROW, _REFERENCE = 0x0F9F, 0x0FA0, 0x0FA8, 0x0F9E
_SHAPE, _ANCHOR, _CHILD_ANCHOR, _BOX = 0xF004, 0xF010, 0xF00F, 0xF00D
_TITLES, _BODIES, _NOTES_KIND = frozenset((0, 6)), frozenset((1, 5, 7, 8)), 2
_SLIDES, _NOTES_LIST = 0, 2  # instances of the lists of slides
_VBA, _EMBEDDED = 0x0400, 0x0FCC
_ENCRYPTED = 0xF3D1C4DF
_HIDDEN = 4
_DEEPEST = 30
_EDITS_MOST = 1_000
_SCALE = 1_588  # of the units of a slide, 576 to the inch, to those of DrawingML


class _Record(NamedTuple):
    kind: int
    instance: int
    is_container: bool
    start: int
    end: int


@dataclass(frozen=True)
class _Text:
    kind: int
    said: str
    place: Place = (0, 0, 0, 0)


@dataclass
class _Listed:
    """A slide or a page of notes: where it stands, its number, and what the outline has of its text."""

    reference: int
    number: int
    texts: list[_Text] = field(default_factory=list)


class Ppt(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        file = ole.opened(stream)
        try:
            deck = _Deck(file)
            outline = Outline(self.bounds.characters)
            slides = deck.listed(_SLIDES)
            notes = {deck.slide_of(one): one for one in deck.listed(_NOTES_LIST)}
            hidden = []
            for at, slide in enumerate(slides, 1):
                deck.write(outline, slide, notes.get(slide.number), at)
                hidden += [at] if deck.is_hidden(slide) else []
                self.on_page(at, len(slides))
        except (struct.error, IndexError):
            raise broken() from None
        sections = outline.filled()
        title = ole.title(file)
        title = outline.first_heading if title in {"", "PowerPoint Presentation"} else title
        warnings, dated = pptx.hidden_slides(hidden), ole.dated(file)
        return Parsed(title[:TITLE_MAX], sections, len(slides), warnings, deck.flags(), dated=dated)


class _Deck:
    def __init__(self, file: Compound) -> None:
        self._raw = file.stream(ole.SLIDES)
        current = file.stream("Current User")
        token, at = struct.unpack_from("<II", current, 12)
        if token == _ENCRYPTED:
            raise encrypted()
        self._places: dict[int, int] = {}
        document = self._learn(at)
        self._document = self._at(document)

    def listed(self, instance: int) -> list[_Listed]:
        found: list[_Listed] = []
        for record in self._inside(self._document):
            if record.kind != _LIST or record.instance != instance:
                continue
            kind = 4
            for one in self._inside(record):
                if one.kind == _PERSIST:
                    reference, _, _, number = struct.unpack_from("<IIII", self._raw, one.start)
                    found.append(_Listed(reference, number))
                elif one.kind == _HEADER:
                    kind = struct.unpack_from("<I", self._raw, one.start)[0]
                elif one.kind in {_WIDE, _NARROW} and found:
                    found[-1].texts.append(_Text(kind, self._said(one)))
        return found

    def flags(self) -> tuple[str, ...]:
        """Names of ingestion.parsers.flags."""
        told = []
        below = list(self._below(self._document))
        if any(one.kind == _VBA and struct.unpack_from("<I", self._raw, one.start + 4)[0] for one in below):
            told.append(flags.MACROS)
        if any(one.kind == _EMBEDDED for one in below):
            told.append(flags.EMBEDDED_FILES)
        return tuple(told)

    def slide_of(self, notes: _Listed) -> int:
        atom = self._first(notes, _NOTES_ATOM)
        return int(struct.unpack_from("<I", self._raw, atom.start)[0]) if atom else 0

    def is_hidden(self, slide: _Listed) -> bool:
        atom = self._first(slide, _SLIDE_SHOW)
        return atom is not None and bool(struct.unpack_from("<H", self._raw, atom.start + 10)[0] & _HIDDEN)

    def write(self, outline: Outline, slide: _Listed, notes: _Listed | None, at: int) -> None:
        texts = self._texts(slide)
        title = next((one for one in texts if one.kind in _TITLES), None)
        outline.leave()
        outline.place(Locator(slide=at))
        outline.heading(1, title.said if title else "")
        for one in in_reading_order([text for text in texts if text is not title]):
            outline.block(_block(one))
        told = [one for one in self._texts(notes) if one.kind == _NOTES_KIND] if notes else []
        for said in [pptx.NOTES, *map(_block, told)] if told else []:
            outline.block(said)

    def _learn(self, at: int) -> int:
        """Where everything stands, by the last edit first; the number of the document itself."""
        document, seen = 0, set[int]()
        while at and at not in seen and len(seen) < _EDITS_MOST:
            seen.add(at)
            edit = self._record(at)
            if edit is None or edit.kind != _EDIT:
                raise broken()
            before, directory, number = struct.unpack_from("<III", self._raw, edit.start + 8)
            document = document or number
            self._learn_places(directory)
            at = before
        return document

    def _learn_places(self, directory: int) -> None:
        record = self._record(directory)
        at = record.start if record is not None and record.kind == _DIRECTORY else 0
        while record is not None and at and at + 4 <= record.end:
            told = struct.unpack_from("<I", self._raw, at)[0]
            first, count = told & 0xFFFFF, min(told >> 20, (record.end - at - 4) // 4)
            for number, place in enumerate(struct.unpack_from(f"<{count}I", self._raw, at + 4), first):
                self._places.setdefault(number, place)
            at += 4 + 4 * count

    def _record(self, at: int) -> _Record | None:
        if at + 8 > len(self._raw):
            return None
        told, kind, size = struct.unpack_from("<HHI", self._raw, at)
        return _Record(kind, told >> 4, told & 15 == 15, at + 8, min(at + 8 + size, len(self._raw)))

    def _at(self, reference: int) -> _Record:
        record = self._record(self._places.get(reference, len(self._raw)))
        if record is None:
            raise broken()
        return record

    def _inside(self, holder: _Record) -> Iterator[_Record]:
        at = holder.start
        while at < holder.end and (record := self._record(at)) is not None:
            yield record
            at = record.end

    def _below(self, holder: _Record, depth: int = 0) -> Iterator[_Record]:
        for record in self._inside(holder):
            yield record
            if record.is_container and depth < _DEEPEST and record.kind != _SHAPE:
                yield from self._below(record, depth + 1)

    def _first(self, one: _Listed, kind: int) -> _Record | None:
        if one.reference not in self._places:
            return None
        return next((record for record in self._inside(self._at(one.reference)) if record.kind == kind), None)

    def _texts(self, one: _Listed) -> list[_Text]:
        """What stands in its shapes; the outline has the text of those that refer to it."""
        if one.reference not in self._places:
            return one.texts
        found: list[_Text] = []
        for shape in self._below(self._at(one.reference)):
            if shape.kind == _SHAPE:
                place: Place = (0, 0, 0, 0)
                for part in self._inside(shape):
                    if part.kind in {_ANCHOR, _CHILD_ANCHOR}:
                        place = self._place(part)
                    elif part.kind == _BOX:
                        found += self._boxed(part, one, place)
        referred = {text.said for text in found}
        return found + [text for text in one.texts if text.said not in referred]

    def _boxed(self, box: _Record, one: _Listed, place: Place) -> Iterator[_Text]:
        kind = 4
        for record in self._inside(box):
            if record.kind == _HEADER:
                kind = struct.unpack_from("<I", self._raw, record.start)[0]
            elif record.kind in {_WIDE, _NARROW}:
                yield _Text(kind, self._said(record), place)
            elif record.kind == _REFERENCE:
                number = struct.unpack_from("<I", self._raw, record.start)[0]
                if number < len(one.texts):
                    yield _Text(one.texts[number].kind, one.texts[number].said, place)

    def _place(self, record: _Record) -> Place:
        if record.kind == _ANCHOR and record.end - record.start == 8:
            top, left, right, bottom = struct.unpack_from("<hhhh", self._raw, record.start)
        elif record.kind == _ANCHOR:
            top, left, right, bottom = struct.unpack_from("<iiii", self._raw, record.start)
        else:
            left, top, right, bottom = struct.unpack_from("<iiii", self._raw, record.start)
        return left * _SCALE, top * _SCALE, right * _SCALE, bottom * _SCALE

    def _said(self, record: _Record) -> str:
        raw = self._raw[record.start : record.end]
        said = raw.decode("utf-16-le" if record.kind == _WIDE else "latin-1", "replace")
        return said.replace("\r", "\n").strip("\n\x0b ")


def _block(text: _Text) -> str:
    lines = [one_line(line) for line in text.said.split("\n")]
    lines = [line for line in lines if line and line != "*"]  # the star stands for the number of the slide, or the date
    is_list = text.kind in _BODIES and len(lines) > 1
    return "\n".join(f"- {line}" for line in lines) if is_list else "\n\n".join(lines)
