"""Plain text in any encoding."""

from __future__ import annotations

import re
from typing import BinaryIO

from charset_normalizer import from_bytes

from ingestion.parsers.base import Locator, Parsed, ParseFailed, Parser, Section

EMPTY = ParseFailed("empty", "There is no text in this file.", "Check that it is the file you meant to upload.")
SAMPLE = 200_000
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def decode(raw: bytes) -> str:
    """By its mark, as UTF-8, or by the guess that fits best; line ends become \\n, and nothing is lost but NULs."""
    for mark, encoding in MARKS:
        if raw.startswith(mark):
            return _tidy(raw.decode(encoding, "replace"))
    try:
        return _tidy(raw.decode("utf-8"))
    except UnicodeDecodeError:
        best = from_bytes(raw[:SAMPLE]).best()
        return _tidy(raw.decode(best.encoding if best else "cp1252", "replace"))


def _tidy(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").replace("\f", "\n\n")
    return re.sub(r"[\x01-\x08\x0b\x0e-\x1f]", " ", text)


class Text(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        text = decode(stream.read()).strip()
        if not text:
            raise EMPTY
        title = next(line.strip() for line in text.splitlines() if line.strip())[:200]
        return Parsed(title, (Section((), text, Locator(start=0, end=len(text))),))
