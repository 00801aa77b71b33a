"""What all documents of Office Open XML have in common: what they carry beside their words, and how they say yes."""

from __future__ import annotations

import re
from typing import Any

from ingestion.parsers import flags
from ingestion.parsers.package import Package

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_MACROS = re.compile(r"(?:.*/)?vba(?:Project|Data)\w*\.(?:bin|xml)|xl/macrosheets/.+", re.IGNORECASE)
_EMBEDDED = re.compile(r"(?:word|ppt|xl)/(?:embeddings|activeX)/.+\.(?!rels$|xlsx$|xml$)\w+", re.IGNORECASE)
_RELATIONS = re.compile(r"(?:.*/)?_rels/(?P<last>.*)\.rels")
_CLICKED = frozenset(("hyperlink",))
_ELSEWHERE = re.compile(
    r"\s*(?:(?:https?|ftp|smb):|\\\\|file:/{0,5}\\\\|file://[^/\\])", re.IGNORECASE
)  # not on its own disk
_PARTS_MOST = 3_000  # whose relations are looked at


def main_part(package: Package, usual: str) -> str:
    """The name of the part with the document itself; empty where there is none."""
    told = related(package, "", "officeDocument")
    return next((name for name in (*told, usual) if name in package.names), "")


def related(package: Package, name: str, *kinds: str) -> list[str]:
    """Names of the parts of these kinds that part `name` refers to, in its order."""
    return [one.target for one in package.relations(name).values() if one.kind in kinds and not one.is_outside]


def found_flags(package: Package) -> tuple[str, ...]:
    """Names of ingestion.parsers.flags."""
    told = []
    if any(_MACROS.fullmatch(name) for name in package.names):
        told.append(flags.MACROS)
    if any(_EMBEDDED.fullmatch(name) for name in package.names):
        told.append(flags.EMBEDDED_FILES)
    if any(_loads_from_outside(package, name) for name in sorted(package.names)[:_PARTS_MOST]):
        told.append(flags.EXTERNAL_LINKS)
    return tuple(told)


def _loads_from_outside(package: Package, name: str) -> bool:
    found = _RELATIONS.fullmatch(name)
    if not found:
        return False
    part = name.replace("_rels/", "").removesuffix(".rels")
    found_there = package.relations(part).values()
    return any(
        one.is_outside and one.kind not in _CLICKED and bool(_ELSEWHERE.match(one.target)) for one in found_there
    )


def is_on(value: str | None, *, default: bool = False) -> bool:
    """Of an attribute that says yes or no."""
    return default if value is None else value in {"1", "true", "on"}


def number(value: Any, default: int, most: int) -> int:
    """Of an attribute, never below 0 nor above `most`."""
    said = str(value or "")
    return min(int(said), most) if said.isascii() and said.isdecimal() and len(said) < 12 else default
