"""Plain text in any encoding."""

from __future__ import annotations

import codecs
from typing import BinaryIO

from charset_normalizer import from_bytes

from governance.sentence import phrase
from ingestion import media_types
from ingestion.parsers.base import Parsed, ParseFailed, Parser
from ingestion.parsers.outline import Outline, one_line

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
STRAY = 0.25  # of what is not ASCII: with fewer broken signs than this it is UTF-8 with damage


class Text(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        outline = Outline(self.bounds.characters)
        outline.block(decode(stream.read()))
        sections = outline.sections()
        if not sections:
            raise empty()
        first = one_line(sections[0].text.lstrip()[: TITLE_MAX + 1].partition("\n")[0])
        return Parsed(first if len(first) <= TITLE_MAX else "", sections)


def decode(raw: bytes, declared: str = "") -> str:
    """By its mark, as UTF-8, as `declared` by the document itself, or by the guess that fits best. Never raises."""
    for mark, encoding in MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    if media_types.is_wide(raw):
        return raw.decode("utf-16-be" if raw[:1] == b"\x00" else "utf-16-le", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return _guessed(raw, declared)


def empty() -> ParseFailed:
    return ParseFailed(
        "empty", "There is no text in this file.", phrase("Check that it is the file you meant to upload.")
    )


def _guessed(raw: bytes, declared: str) -> str:
    damaged = raw.decode("utf-8", "replace")
    if damaged.count("\ufffd") < STRAY * sum(sign > "\x7f" for sign in damaged):
        return damaged
    encoding = declared if _is_text_encoding(declared) else _fitting(raw[:SAMPLE])
    return raw.decode(encoding, "replace")


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
    if best is None or (western is not None and western.chaos <= best.chaos and western.coherence >= best.coherence):
        return "cp1252"
    return best.encoding
