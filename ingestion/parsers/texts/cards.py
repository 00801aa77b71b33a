"""Calendars (ICS) and address cards (VCF): each entry under its name, with what is known of it."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from ingestion.parsers.base import Parsed, Parser
from ingestion.parsers.outline import Outline, one_line
from ingestion.parsers.texts.text import decode, lines_of

_LINE = re.compile(r"(?:[\w-]+\.)?([\w-]+)((?:;[^:;\"]*(?:\"[^\"]*\"[^:;\"]*)*)*):(.*)", re.DOTALL)
_WHEN = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:T(\d\d):?(\d\d):?(?:\d\d)?(Z?))?\Z")
_ENTRIES = frozenset(("VEVENT", "VTODO", "VJOURNAL", "VCARD"))
_NAMES = ("SUMMARY", "FN", "N")
# What programs write for each other.
_UNSAID = frozenset(
    ("BEGIN", "END", "VERSION", "PRODID", "UID", "DTSTAMP", "REV", "SEQUENCE", "CREATED", "LAST-MODIFIED", "PHOTO", "LOGO",
     "KEY", "SOUND", "ATTACH", "TRANSP", "CLASS", "CALSCALE", "METHOD", "PRIORITY", "TRIGGER", "ACTION")
)  # fmt: skip


class Cards(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        outline = Outline(self.bounds.characters)
        title = _read(outline, _unfolded(lines_of(decode(stream.read()).lstrip("\ufeff"))))
        sections = outline.filled()
        return Parsed(title, sections)


def _read(outline: Outline, lines: Iterator[str]) -> str:
    entry: list[tuple[str, str]] = []
    title, inside, ignored = "", False, 0
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        name, value = found[1].upper(), _value(found[2], found[3])
        if name == "BEGIN":
            ignored += bool(inside)  # an alarm within an event
            inside = inside or value.upper() in _ENTRIES
        elif name == "END" and ignored:
            ignored -= 1
        elif name == "END" and inside:
            _tell(outline, entry)
            entry, inside = [], False
        elif inside and not ignored:
            entry.append((name, value))
        elif name == "X-WR-CALNAME":
            title = value
    _tell(outline, entry)  # one that was cut off
    return title


def _tell(outline: Outline, entry: list[tuple[str, str]]) -> None:
    told: Mapping[str, str] = dict(reversed(entry))
    outline.heading(1, next((told[name] for name in _NAMES if told.get(name)), ""))
    shown = [(name, value) for name, value in entry if name not in _UNSAID and not name.startswith("X-") and value]
    outline.block("\n".join(f"{name.capitalize()}: {one_line(value)}" for name, value in shown))


def _unfolded(lines: list[str]) -> Iterator[str]:
    """A line that begins with a blank goes on from the one before; quoted-printable goes on after "="."""
    held: list[str] = []
    for line in lines:
        is_quoted = bool(held) and held[-1].endswith("=") and "QUOTED-PRINTABLE" in held[0].upper()
        if held and (line[:1] in {" ", "\t"} or is_quoted):
            held.append(line if is_quoted else line[1:])
            continue
        if held:
            yield "\n".join(held) if "QUOTED-PRINTABLE" in held[0].upper() else "".join(held)
        held = [line]
    yield "".join(held)


def _value(parameters: str, raw: str) -> str:
    if "QUOTED-PRINTABLE" in parameters.upper():
        raw = decode(quopri.decodestring(raw.encode("utf-8", "replace")))
    if when := _WHEN.fullmatch(raw.strip()):
        year, month, day, hour, minute, zone = when.groups()
        zone = " UTC" if zone else "".join(f" {one}" for one in re.findall(r"TZID=([^;:]+)", parameters))
        return f"{year}-{month}-{day}" + (f" {hour}:{minute}{zone}" if hour else "")
    said = raw.replace("\\n", " ").replace("\\N", " ").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\")
    known = re.search(r"CN=\"?([^;:\"]+)", parameters)
    return f"{known[1]} <{said}>" if known else " ".join(filter(None, said.split(";"))) if "\\;" not in raw else said
