"""Footnotes of a page: they are told with the paragraph that refers to them, and not after whatever stands last."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingestion.parsers.pages import rows
from ingestion.parsers.pages.lines import Line

SMALL = 0.94  # of the letters of the text
_LOW = 0.5  # of the page's height: notes stand in its lower half
_BEGINS = re.compile(r"\[?(\d{1,3}|[*†‡§¶]{1,3}|[a-z](?=[\s)\]]))[\])]?(?![\d*.])\s*(?=\S)")


@dataclass(frozen=True)
class Note:
    mark: str
    lines: tuple[Line, ...]


def apart(lines: Sequence[Line], size: float) -> tuple[list[Line], list[Note]]:
    """The lines without the notes whose marks stand, raised, in one of them; and these. `size` is that of the text."""
    marks = {mark for line in lines for mark in line.marks}
    text: list[Line] = []
    notes: list[Note] = []
    held: list[Line] = []
    mark = ""
    for line in lines:
        begins = _mark(line, size) if marks else ""
        begins = begins if begins in marks else ""
        if held and not begins and _goes_on(held[-1], line):
            held.append(line)
            continue
        if held:
            notes.append(Note(mark, tuple(held)))
            held = []
        if begins:
            mark, held = begins, [line]
        else:
            text.append(line)
    return text, [*notes, *([Note(mark, tuple(held))] if held else [])]


def _mark(line: Line, size: float) -> str:
    """Of a note that begins with this line; empty where none does."""
    is_low = line.box is not None and line.box.top > _LOW
    if len(line.cells) != 1 or line.size > SMALL * size or line.is_running or not is_low:
        return ""
    found = _BEGINS.match(line.text)
    return found[1] if found else ""


def _goes_on(above: Line, line: Line) -> bool:
    fall = above.foot - line.foot
    return len(line.cells) == 1 and line.size == above.size and -line.size < fall <= 1.2 * rows.GAP * line.size
