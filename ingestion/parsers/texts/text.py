"""Plain text in any encoding."""

from __future__ import annotations

import codecs
import contextlib
import re
from collections import Counter
from typing import BinaryIO

from charset_normalizer import from_bytes

from ingestion.media_types import plain
from ingestion.parsers.base import Parsed, Parser
from ingestion.parsers.outline import Outline, lined, one_line

SAMPLE = 200_000
TITLE_MAX = 100
# The longer mark first: that of UTF-32 begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# These write everything in ASCII: only who wrote it can tell, but for the one that turns to Japanese by a sign of its own.
_JAPANESE = re.compile(rb"\x1b\$[@B]")
_SEVEN_BITS = re.compile(r"(?:iso-2022-|hz|utf-7)", re.IGNORECASE)
_SCRIPTS = (0x03, 0x04, 0x05, 0x06)  # Greek, Cyrillic, Hebrew, Arabic: the upper half of their signs in Unicode
_LENIENT = (
    0.05  # how much less sense the most common encoding may make: a few accents do not tell it from its neighbours
)
STRAY = 0.25  # of what is not ASCII: with fewer broken signs than this it is UTF-8 with damage


class Text(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        outline = Outline(self.bounds.characters)
        outline.block(*lined(lines_of(decode(stream.read())), 1))
        sections = outline.filled()
        first = one_line(sections[0].text.lstrip()[: TITLE_MAX + 1].partition("\n")[0])
        return Parsed(first if len(first) <= TITLE_MAX else "", sections)


def decode(raw: bytes, declared: str = "") -> str:
    """By its mark, as UTF-8, as `declared` by the document itself, or by the guess that fits best. Never raises."""
    for mark, encoding in MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    if plain.is_wide(raw):
        return raw.decode("utf-16-be" if raw[:1] == b"\x00" else "utf-16-le", "replace")
    if wide := _wide(raw):
        return raw.decode(wide, "replace")
    seven_bits = declared if _SEVEN_BITS.match(declared) else "iso2022-jp" if _JAPANESE.search(raw[:SAMPLE]) else ""
    for encoding in ([seven_bits] if seven_bits else []) + ["utf-8"]:
        with contextlib.suppress(UnicodeDecodeError, LookupError):
            return raw.decode(encoding)
    return _guessed(raw, declared)


def _wide(raw: bytes) -> str:
    """UTF-16 without its mark, of another script than Latin: every second byte is that of the script, or of a space."""
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        high = Counter(raw[first:SAMPLE:2])
        script = max(_SCRIPTS, key=lambda one: high[one])
        total = high[script] + high[0x00] + high[0x20]
        if len(raw) % 2 == 0 and 2 * high[script] > total == high.total() and high[0x00]:
            return encoding
    return ""


def lines_of(text: str) -> list[str]:
    """As an editor counts them, whatever they end with."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _guessed(raw: bytes, declared: str) -> str:
    damaged = raw.decode("utf-8", "replace")
    if damaged.count("\ufffd") < STRAY * sum(sign > "\x7f" for sign in damaged):
        return damaged
    if _is_text_encoding(declared):
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode(declared)
    return raw.decode(_fitting(raw[:SAMPLE]), "replace")


def _is_text_encoding(name: str) -> bool:
    """`codecs` also knows encodings of bytes to bytes, such as zip: a document must not choose those."""
    try:
        return codecs.lookup(name)._is_text_encoding
    except (LookupError, ValueError):
        return False


def _fitting(sample: bytes) -> str:
    # Short Western text fits a dozen encodings equally well: the most common one decides unless it makes no sense.
    best = from_bytes(sample, preemptive_behaviour=False).best()
    western = from_bytes(sample, cp_isolation=["cp1252"]).best()
    if best is None:
        return "cp1252"
    most = best.chaos + (0.0 if best.encoding.startswith("mac") else _LENIENT)
    if western is not None and western.chaos <= most and western.coherence >= best.coherence:
        return "cp1252"
    return best.encoding
