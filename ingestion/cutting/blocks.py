"""The structure of a section's text: paragraphs, list items and rows of tables, as places in the text.

Every sign that is not a blank stands in exactly one unit, so that whoever puts units together loses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from governance.policy import segments

_WHOLE_SENTENCE = 600  # characters: longer than nearly every sentence, so that segments end where sentences do

_LINE = re.compile(r"[^\n]*\n?")
_ITEM = re.compile(r"[ \t]*(?:[-*+\u2022\u2013\u25aa]|\d{1,3}[.)]|[a-zA-Z][.)])[ \t]+\S")
_DELIMITER = re.compile(r"[ \t]*\|[ \t|:-]*-[ \t|:-]*$")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Unit:
    """`text[start:end]`, without blanks around it. `block` counts paragraphs, lists and tables.

    `header` is the place of the table's header rows, for every row but the first: that one has them in its own place.
    """

    start: int
    end: int
    block: int
    header: tuple[int, int] | None = None


@dataclass(frozen=True)
class _Line:
    start: int
    end: int
    text: str

    @property
    def kind(self) -> str:
        if not self.text.strip():
            return "blank"
        if self.text.lstrip().startswith("|"):
            return "row"
        return "item" if is_item(self.text) else "prose"


def units(text: str) -> list[Unit]:
    """Paragraphs, list items with the lines that continue them, and rows of tables, in the order of the text."""
    found: list[Unit] = []
    for number, (kind, lines) in enumerate(_blocks(_lines(text))):
        if kind == "row":
            found.extend(_rows(lines, number))
        elif kind == "item":
            found.extend(Unit(start, end, number) for start, end in _items(lines))
        else:
            found.append(Unit(lines[0].start, lines[-1].end, number))
    return [_trimmed(text, unit) for unit in found]


def is_item(text: str) -> bool:
    """Whether the text starts as an item of a list does."""
    return bool(_ITEM.match(text))


def lines(text: str, unit: Unit) -> list[Unit]:
    """Those of a listing between fences; prose is cut where its sentences end."""
    inside = text[unit.start : unit.end]
    if not _FENCE.match(inside):
        return [unit]
    return _within(text, unit, (match.span() for match in _LINE.finditer(inside) if match.group().strip()))


def sentences(text: str, unit: Unit) -> list[Unit]:
    return _within(text, unit, segments.split(text[unit.start : unit.end], _WHOLE_SENTENCE))


def clauses(text: str, unit: Unit) -> list[Unit]:
    """Parts of a long sentence, cut at a comma or else at a blank."""
    return _within(text, unit, segments.split(text[unit.start : unit.end]))


def words(text: str, unit: Unit) -> list[Unit]:
    return _within(text, unit, (match.span() for match in _WORD.finditer(text[unit.start : unit.end])))


def halves(text: str, unit: Unit) -> list[Unit]:
    middle = (unit.end - unit.start) // 2
    return _within(text, unit, [(0, middle), (middle, unit.end - unit.start)]) if middle else [unit]


def _within(text: str, unit: Unit, places: Iterable[tuple[int, int]]) -> list[Unit]:
    made = (replace(unit, start=unit.start + start, end=unit.start + end) for start, end in places)
    return [_trimmed(text, one) for one in made if text[one.start : one.end].strip()]


def _trimmed(text: str, unit: Unit) -> Unit:
    inside = text[unit.start : unit.end]
    start = unit.start + len(inside) - len(inside.lstrip())
    return replace(unit, start=start, end=start + len(inside.strip()))


def _lines(text: str) -> list[_Line]:
    return [_Line(*match.span(), match.group().rstrip("\n")) for match in _LINE.finditer(text) if match.group()]


def _blocks(lines: Iterable[_Line]) -> Iterator[tuple[str, list[_Line]]]:
    """Lines that belong together. An item goes on in the prose under it; code goes on to its closing fence."""
    kind, held, in_code = "", list[_Line](), False
    for line in lines:
        is_fence = bool(_FENCE.match(line.text))
        new = "code" if in_code or is_fence else line.kind
        stays = in_code or (new == kind and not is_fence) or (kind == "item" and new == "prose")
        if held and not stays:
            yield kind, held
            held = []
        if new != "blank":
            kind = kind if held else new
            held.append(line)
        in_code = in_code != is_fence
    if held:
        yield kind, held


def _items(lines: list[_Line]) -> Iterator[tuple[int, int]]:
    starts = [line.start for line in lines if line.kind == "item"]
    yield from zip(starts, [*starts[1:], lines[-1].end], strict=True)


def _rows(lines: list[_Line], block: int) -> Iterator[Unit]:
    headed = 1 + next((at for at, line in enumerate(lines[:3]) if _DELIMITER.match(line.text)), -1)
    body = lines[headed:]
    if not body:
        yield Unit(lines[0].start, lines[-1].end, block)
        return
    header = (lines[0].start, lines[headed - 1].end) if headed else None
    yield Unit(lines[0].start, body[0].end, block)
    yield from (Unit(line.start, line.end, block, header) for line in body[1:])
