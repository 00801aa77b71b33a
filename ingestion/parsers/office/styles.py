"""What the styles and numberings of a DOCX make of a paragraph: a title, a heading, an item of a list."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from ingestion.parsers.office.ooxml import W

_HEADING = re.compile(r"(?:heading|überschrift)\s*([1-9])", re.IGNORECASE)
_CONTENTS = re.compile(r"(?:toc|verzeichnis) \d", re.IGNORECASE)
_TITLES = frozenset(("title", "titel"))
_BODY_LEVEL = 9  # of outlineLvl, which counts from 0: text
_BASES_MOST = 20


@dataclass(frozen=True)
class Style:
    """`level` is that of a heading, from 1, or 0. `numbering` is (list, level in it), or None for no item;
    `is_contents` of a line of the table of contents.
    """

    level: int = 0
    is_title: bool = False
    numbering: tuple[str, int] | None = None
    is_contents: bool = False


class Styles:
    def __init__(self, root: Any | None) -> None:
        found = root.iterchildren(W + "style") if root is not None else ()
        self._elements = {style.get(W + "styleId", ""): style for style in found}
        self._default = next((key for key, one in self._elements.items() if _is_default(one)), "")

    def of(self, paragraph: Any) -> Style:
        """A paragraph's own word counts first, then that of its style, then of the style which that is based on."""
        own = paragraph.find(W + "pPr")
        chosen = _value(own, "pStyle") or self._default
        level = _outline_level(own)
        numbering = _numbering(own)
        names = []
        for element in self._bases(chosen):
            properties = element.find(W + "pPr")
            names.append(_value(element, "name"))
            level = _level(names[-1], properties) if level is None else level
            numbering = _numbering(properties) if numbering is None else numbering
        is_title = bool(names) and names[0].lower() in _TITLES
        is_contents = bool(names) and bool(_CONTENTS.fullmatch(names[0]))
        return Style(level or 0, is_title, numbering if numbering and numbering[0] != "0" else None, is_contents)

    def _bases(self, key: str) -> list[Any]:
        found: list[Any] = []
        while key in self._elements and len(found) < _BASES_MOST:
            found.append(self._elements[key])
            key = _value(found[-1], "basedOn")
        return found


class Lists:
    """Counts numbered items, so that "3." stands where the reader sees it."""

    def __init__(self, root: Any | None) -> None:
        self._abstract: dict[str, Any] = {}
        self._formats: dict[tuple[str, int], str] = {}
        self._counts: defaultdict[tuple[str, int], int] = defaultdict(int)
        if root is not None:
            self._read(root)

    def mark(self, paragraph: Any, style: Style) -> str | None:
        """ "-" or a number with a dot, indented by its level; None where the paragraph is no item."""
        if style.numbering is None:
            return None
        number, level = style.numbering
        for key in [key for key in self._counts if key[0] == number and key[1] > level]:
            del self._counts[key]
        self._counts[number, level] += 1
        is_counted = self._formats.get((number, level), "bullet") not in {"bullet", "none"}
        return "  " * level + (f"{self._counts[number, level]}." if is_counted else "-")

    def _read(self, root: Any) -> None:
        for abstract in root.iterchildren(W + "abstractNum"):
            self._abstract[abstract.get(W + "abstractNumId", "")] = abstract
        for number in root.iterchildren(W + "num"):
            abstract = self._abstract.get(_value(number, "abstractNumId"))
            for level in abstract.iterchildren(W + "lvl") if abstract is not None else ():
                place = level.get(W + "ilvl", "0")
                if place.isdecimal() and len(place) == 1:
                    self._formats[number.get(W + "numId", ""), int(place)] = _value(level, "numFmt") or "decimal"


def named_level(name: str) -> int | None:
    """What the name of a built-in style says: the level of a heading, -1 for a title, None for anything else."""
    found = _HEADING.fullmatch(name.strip())
    return int(found[1]) if found else -1 if name.strip().lower() in _TITLES else None


def _is_default(style: Any) -> bool:
    return style.get(W + "type") == "paragraph" and style.get(W + "default") in {"1", "true", "on"}


def _level(name: str, properties: Any | None) -> int | None:
    named = _HEADING.fullmatch(name)
    return int(named[1]) if named else _outline_level(properties)


def _outline_level(properties: Any | None) -> int | None:
    said = _value(properties, "outlineLvl")
    if not said.isdecimal() or len(said) > 1:
        return None
    return 0 if int(said) >= _BODY_LEVEL else int(said) + 1


def _numbering(properties: Any | None) -> tuple[str, int] | None:
    numbered = properties.find(W + "numPr") if properties is not None else None
    if numbered is None:
        return None
    level = _value(numbered, "ilvl")
    return _value(numbered, "numId") or "0", int(level) if level.isdecimal() and len(level) == 1 else 0


def _value(element: Any | None, name: str) -> str:
    found = element.find(W + name) if element is not None else None
    return found.get(W + "val", "") if found is not None else ""
