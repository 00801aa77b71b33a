"""Office files of 97 to 2003: their streams, what they carry beside their words, and whether a password locks them."""

from __future__ import annotations

import struct
from datetime import datetime
from typing import BinaryIO

from governance.sentence import phrase
from ingestion.parsers import dates, flags
from ingestion.parsers.base import ParseFailed
from ingestion.parsers.legacy.compound import Compound
from ingestion.parsers.outline import one_line

DOCUMENT, WORKBOOK, SLIDES = "WordDocument", "Workbook", "PowerPoint Document"
_MACROS = frozenset(("Macros", "_VBA_PROJECT_CUR", "_VBA_PROJECT", "VBA"))
_EMBEDDED = frozenset(("ObjectPool",))
_SUMMARY = "\x05SummaryInformation"
_TITLE, _CODE_PAGE, _SAVED = 2, 1, 13
_FILETIME = 64  # the type of a moment


def opened(stream: BinaryIO) -> Compound:
    """Raises ParseFailed."""
    return Compound(stream.read())


def found_flags(file: Compound) -> tuple[str, ...]:
    """Names of ingestion.parsers.flags."""
    names = file.names.keys()
    told = [flags.MACROS] if names & _MACROS else []
    if names & _EMBEDDED or any(name.startswith("MBD") for name in names):
        told.append(flags.EMBEDDED_FILES)
    return tuple(told)


def too_old() -> ParseFailed:
    return ParseFailed(
        "too_old",
        "The file is of a version of Office before 97 and cannot be read.",
        phrase("Open it, save it in a current format and upload that."),
    )


def dated(file: Compound) -> datetime | None:
    """When it was saved last."""
    raw = file.stream(_SUMMARY)
    try:
        start, places = _properties(raw)
        kind, ticks = struct.unpack_from("<IQ", raw, start + places[_SAVED])
    except (struct.error, KeyError):
        return None
    return dates.of_filetime(ticks) if kind == _FILETIME else None


def _properties(raw: bytes) -> tuple[int, dict[int, int]]:
    """Where the set begins, and where in it each property stands; after [MS-OLEPS]. Raises struct.error."""
    start = struct.unpack_from("<I", raw, 44)[0]
    count = min(struct.unpack_from("<I", raw, start + 4)[0], 100)
    return start, dict(struct.unpack_from("<II", raw, start + 8 + 8 * at) for at in range(count))


def title(file: Compound) -> str:
    """Of the properties that every program of Office writes."""
    raw = file.stream(_SUMMARY)
    try:
        start, places = _properties(raw)
        page = struct.unpack_from("<H", raw, start + places[_CODE_PAGE] + 4)[0] if _CODE_PAGE in places else 1252
        kind, length = struct.unpack_from("<II", raw, start + places[_TITLE])
        said = raw[start + places[_TITLE] + 8 :][: min(length * (2 if kind == 31 else 1), 1_000)]
        name = "utf-16-le" if kind == 31 or page == 1200 else "utf-8" if page == 65001 else f"cp{page}"
        return one_line(said.decode(name, "replace").partition("\x00")[0])
    except (struct.error, KeyError, LookupError):
        return ""
