"""OpenDocument: what text documents, spreadsheets and presentations of it have in common."""

from __future__ import annotations

import io
import posixpath
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO

from ingestion.parsers import dates, flags
from ingestion.parsers.outline import TITLE_MAX, one_line
from ingestion.parsers.package import Package, broken, encrypted

_ALL = "{urn:oasis:names:tc:opendocument:xmlns:"
OFFICE, TEXT, TABLE = _ALL + "office:1.0}", _ALL + "text:1.0}", _ALL + "table:1.0}"
DRAW, STYLE, SHOWN = _ALL + "drawing:1.0}", _ALL + "style:1.0}", _ALL + "presentation:1.0}"
SVG = _ALL + "svg-compatible:1.0}"
LINK = "{http://www.w3.org/1999/xlink}href"
CONTENT = "content.xml"
_META = "meta.xml"
_TITLE = ".//{http://purl.org/dc/elements/1.1/}title"
_CHANGED = ".//{http://purl.org/dc/elements/1.1/}date"
_MADE = ".//{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}creation-date"
_MACROS = re.compile(r"(?:Basic|Scripts)/.+\.(?!xml$|xlb$)\w+|Basic/.+/(?!script-l[bc])[^/]+\.xml")
_OBJECT = re.compile(r"Object[^/]*")  # as a file, and not as a folder with the parts of a chart
_OUTSIDE = re.compile(r"(?:https?|ftp|file|smb):", re.IGNORECASE)
_LOADED = (DRAW + "image", DRAW + "object", DRAW + "object-ole", DRAW + "plugin", TEXT + "section-source")
_REPEATS_MOST = 300  # of a cell or a row that holds something
_DEEPEST = 60

# Text of its own that stands elsewhere in the document, or nowhere.
_ASIDE = frozenset(
    (
        OFFICE + "annotation",
        OFFICE + "annotation-end",
        TEXT + "note",
        TEXT + "tracked-changes",
        TEXT + "ruby-text",
        DRAW + "frame",
        DRAW + "g",
        DRAW + "custom-shape",
        OFFICE + "event-listeners",
        SVG + "title",
        SVG + "desc",
    )
)


def opened(stream: BinaryIO, most: int) -> Package:
    """Raises ParseFailed, for one with a password too."""
    package = Package(io.BytesIO(stream.read()), most)
    manifest = package.part("META-INF/manifest.xml")
    if manifest is not None and next(manifest.iter("{*}encryption-data"), None) is not None:
        raise encrypted()
    if CONTENT not in package.names:
        raise broken()
    return package


def title(package: Package) -> str:
    root = package.properties(_META)
    return one_line(root.findtext(_TITLE) or "")[:TITLE_MAX] if root is not None else ""


def dated(package: Package) -> datetime | None:
    """When it was saved last."""
    root = package.properties(_META)
    return dates.of_iso(root.findtext(_CHANGED) or root.findtext(_MADE)) if root is not None else None


def found_flags(package: Package, root: Any | None = None) -> tuple[str, ...]:
    """Names of ingestion.parsers.flags; `root` is its content, where that is held."""
    told = []
    if any(_MACROS.fullmatch(name) for name in package.names):
        told.append(flags.MACROS)
    if any(_OBJECT.fullmatch(name) for name in package.names):
        told.append(flags.EMBEDDED_FILES)
    if root is not None and any(_OUTSIDE.match(one.get(LINK) or "") for one in root.iter(*_LOADED)):
        told.append(flags.EXTERNAL_LINKS)
    return tuple(told)


def part_of(package: Package, element: Any) -> Any | None:
    """The content of an object that a frame shows: a chart, a formula, a sheet."""
    folder = posixpath.normpath(element.get(LINK) or "")
    return package.part(posixpath.join(folder, CONTENT)) if re.fullmatch(r"[\w .-]+", folder) else None


def said(element: Any, depth: int = 0) -> str:
    """The text of a paragraph without that of its notes, comments and boxes."""
    parts = [element.text or ""]
    for child in element:
        tag = child.tag
        if tag == TEXT + "s":
            parts.append(" " * repeats(child, TEXT + "c"))
        elif tag == TEXT + "tab":
            parts.append("\t")
        elif tag == TEXT + "line-break":
            parts.append("\n")
        elif isinstance(tag, str) and tag not in _ASIDE and depth < _DEEPEST:
            parts.append(said(child, depth + 1))
        parts.append(child.tail or "")
    return "".join(parts)


def repeats(element: Any, name: str) -> int:
    """How often something stands there; once where that is not said."""
    return min(span(element, name), _REPEATS_MOST)


def span(element: Any, name: str) -> int:
    """As `repeats`, of what is empty: it may reach to the end of the sheet."""
    told = element.get(name) or "1"
    return max(1, int(told)) if told.isdecimal() and len(told) < 10 else 1


def rows(table: Any) -> Iterator[Any]:
    """Also those in groups and among the header."""
    for child in table:
        if child.tag == TABLE + "table-row":
            yield child
        elif child.tag in {TABLE + "table-header-rows", TABLE + "table-rows", TABLE + "table-row-group"}:
            yield from rows(child)


def length(said_so: str | None) -> int:
    """In the units of DrawingML, of which a centimetre has 360,000; 0 for what is none."""
    found = re.fullmatch(r"(-?\d{1,6}(?:\.\d+)?)(cm|mm|in|pt|pc|px)", said_so or "")
    return round(float(found[1]) * _UNITS[found[2]]) if found else 0


_UNITS = {"cm": 360_000, "mm": 36_000, "in": 914_400, "pt": 12_700, "pc": 152_400, "px": 9_525}


def frame_place(element: Any) -> tuple[int, int, int, int]:
    """Left, top, right, bottom."""
    left, top, width, height = (length(element.get(SVG + name)) for name in ("x", "y", "width", "height"))
    return left, top, left + width, top + height
