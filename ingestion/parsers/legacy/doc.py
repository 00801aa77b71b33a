"""DOC, of Word 97 to 2003: headings by their styles, paragraphs, lists, tables, notes and boxes.

After [MS-DOC]: the text stands in pieces, and beside it pages that say which paragraph has which properties.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from ingestion.parsers.base import Parsed, Parser
from ingestion.parsers.legacy import ole
from ingestion.parsers.legacy.compound import Compound
from ingestion.parsers.legacy.doc_pieces import Properties, Text, pieces, properties, styles
from ingestion.parsers.legacy.rtf_flow import Flow
from ingestion.parsers.outline import TITLE_MAX, Outline
from ingestion.parsers.package import broken, encrypted

_WORD_97 = 0xC1
_ENCRYPTED, _SECOND_TABLE = 0x0100, 0x0200
# How many signs the text has, its notes, headers, macros, comments, end notes and boxes: they stand one after the other.
_LENGTHS = (0x4C, 0x50, 0x54, 0x58, 0x5C, 0x60, 0x64)
_BODY, _FOOTNOTES, _HEADERS, _, _COMMENTS, _ENDNOTES, _BOXES = range(7)
_SIGNS = {
    "\x0b": "\n", "\x1e": "-", "\x1f": "", "\x01": "", "\x02": "", "\x03": "", "\x04": "", "\x05": "", "\x08": "", "\x00": "",
}  # fmt: skip
_FIELD, _RESULT, _FIELD_END = "\x13", "\x14", "\x15"


class Doc(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        file = ole.opened(stream)
        try:
            return self._parsed(file)
        except (struct.error, IndexError):
            raise broken() from None

    def _parsed(self, file: Compound) -> Parsed:
        raw = file.stream(ole.DOCUMENT)
        version, told = struct.unpack_from("<H", raw, 2)[0], struct.unpack_from("<H", raw, 10)[0]
        if told & _ENCRYPTED:
            raise encrypted()
        if version < _WORD_97:
            raise ole.too_old()
        around = file.stream("1Table" if told & _SECOND_TABLE else "0Table")
        text, kept = pieces(raw, around), properties(raw, around)
        lengths = [max(0, struct.unpack_from("<i", raw, at)[0]) for at in _LENGTHS]
        starts = [sum(lengths[:at]) for at in range(len(lengths))]
        levels = styles(raw, around)
        outline = Outline(self.bounds.characters)
        title = ""
        for part in (_BODY, _FOOTNOTES, _ENDNOTES, _BOXES, _HEADERS):
            if part != _BODY:
                outline.leave()
            written = _flow(text, starts[part], starts[part] + lengths[part], kept, levels).write(outline)
            title = title or written
        sections = outline.filled()
        title = title or ole.title(file) or outline.first_heading
        return Parsed(title[:TITLE_MAX], sections, flags=ole.found_flags(file), dated=ole.dated(file))


def _flow(text: Text, start: int, end: int, kept: Properties, levels: dict[int, int]) -> Flow:
    """One of the parts of the text, paragraph by paragraph."""
    flow = Flow(levels)
    fields: list[bool] = []  # whether what they compute has begun; before that stands how
    for said, place in text.between(start, end):
        if said == _FIELD:
            fields.append(False)
        elif said == _RESULT and fields:
            fields[-1] = True
        elif said == _FIELD_END:
            fields = fields[:-1]
        elif said in "\r\x07\x0c":
            _end(flow, said, kept, place)
        elif all(fields) and not kept.is_unseen(place):
            flow.say(_SIGNS.get(said, said))
    return flow


def _end(flow: Flow, said: str, kept: Properties, place: int) -> None:
    """A paragraph, a cell or a row ends: only here is it told what it was."""
    one = kept.of(place)
    flow.control("pard", None)
    flow.control("s", one.style)
    if one.outline is not None:
        flow.control("outlinelevel", one.outline)
    if one.is_item:
        flow.mark("-")
        flow.control("ilvl", one.level)
    if one.is_in_table or said == "\x07":
        flow.control("intbl", 1)
    if one.is_row_end:
        flow.control("row", None)
    else:
        flow.control("cell" if said == "\x07" else "par", None)
