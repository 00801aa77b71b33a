"""Subtitles and transcripts (SRT, WebVTT): what is said, with the time at which it begins."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from ingestion.parsers.base import Parsed, Parser, Spot
from ingestion.parsers.outline import Outline, one_line
from ingestion.parsers.texts.text import decode, lines_of

_TIME = re.compile(r"[ \t]*(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,]\d{1,3}[ \t]*-->")
_SPEAKER = re.compile(r"<v(?:\.[^ >]*)?[ \t]+([^>]+)>")
_TAG = re.compile(r"</?[a-z0-9][^>]{0,200}>|\{\\[^}]{0,200}\}", re.IGNORECASE)
_EVERY_S = 60  # of what is said, a paragraph


class Subtitles(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        outline = Outline(self.bounds.characters)
        _read(outline, list(_cues(lines_of(decode(stream.read()).lstrip("\ufeff")))))
        sections = outline.filled()
        return Parsed("", sections)


def _cues(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """(seconds from the start, number of the line, words)."""
    at, began, held = 0, -1, list[str]()
    for number, line in enumerate([*lines, ""], 1):
        found = _TIME.match(line)
        if found:
            at, began, held = number, _seconds(found), []
        elif line.strip() and began >= 0:
            held.append(line)
        elif not line.strip() and began >= 0:
            words = one_line(html.unescape(_TAG.sub("", _SPEAKER.sub(r"\1: ", " ".join(held)))))
            if words:
                yield began, at, words
            began = -1


def _seconds(found: re.Match[str]) -> int:
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def _read(outline: Outline, cues: Sequence[tuple[int, int, str]]) -> None:
    text, spots, since = "", list[Spot](), 0
    before = ""
    for began, line, words in cues:
        if text and not since <= began < since + _EVERY_S:
            outline.block(text, spots)
            text, spots = "", []
        if not text:
            text, since = f"[{began // 3600}:{began // 60 % 60:02}:{began % 60:02}]", began
        if words != before:  # captions that roll say each line twice
            spots.append(Spot(len(text) + 1, len(text) + 1 + len(words), line=line))
            text += f" {words}"
        before = words
    outline.block(text, spots)
