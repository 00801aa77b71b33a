"""Markdown: headings make sections; everything else stays as it was written."""

from __future__ import annotations

import re
from typing import BinaryIO

from ingestion.parsers.base import Parsed, Parser
from ingestion.parsers.outline import TITLE_MAX, Outline, legible, lined, one_line
from ingestion.parsers.texts.text import decode

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|$)(.*)$")
_CLOSING = re.compile(r"(?:^|[ \t])#+[ \t]*$")
_RULE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"^title:[ \t]*(.+)$", re.MULTILINE | re.IGNORECASE)
_KEYS = re.compile(r"(?:[\w-]+:.*|[ \t#-].*|)")
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`)(?=\S)(.+?)(?<=\S)\1")
_NO_PARAGRAPH = re.compile(r"\s*(?:\||[-*+] |\d+[.)] |>)")


class Markdown(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        whole = legible(decode(stream.read()))
        title, text = _without_front_matter(whole)
        outline = Outline(self.bounds.characters)
        read(outline, text, 1 + whole[: len(whole) - len(text)].count("\n"))
        sections = outline.filled()
        return Parsed(title or outline.first_heading, sections)


def _without_front_matter(text: str) -> tuple[str, str]:
    """The title it gives, and the rest. What stands between two rules and is no list of keys is text."""
    found = _FRONT_MATTER.match(text)
    if not found or not all(_KEYS.fullmatch(line) for line in found[1].split("\n")):
        return "", text
    title = _TITLE.search(found[1])
    return (one_line(title[1]).strip("\"'")[:TITLE_MAX] if title else ""), text[found.end() :]


def read(outline: Outline, text: str, first: int | None) -> None:
    """`first` is the number of the text's first line in its file; None where nobody counts its lines."""
    paragraph: list[str] = []
    fence = ""
    for number, line in enumerate(text.split("\n"), first or 0):
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        heading = None if fence else _HEADING.match(line)
        if heading:
            _flush(outline, paragraph, first and number)
            outline.heading(len(heading[1]), _plain(_CLOSING.sub("", heading[2])))
        elif not fence and _underlines(line, paragraph):
            outline.heading(1 if "=" in line else 2, _plain(paragraph.pop()))
        elif line.strip() or fence:
            paragraph.append(line)
        else:
            _flush(outline, paragraph, first and number)
    _flush(outline, paragraph, first and number + 1)


def _underlines(line: str, paragraph: list[str]) -> bool:
    """A heading may be one line with a rule below; below a table row, a quote or an item of a list, a rule is a rule."""
    return len(paragraph) == 1 and bool(_RULE.match(line)) and not _NO_PARAGRAPH.match(paragraph[0])


def _plain(heading: str) -> str:
    """A heading is shown and embedded by itself: without the marks of its links and emphasis."""
    return _EMPHASIS.sub(r"\2", _LINK.sub(r"\1", heading))


def _flush(outline: Outline, paragraph: list[str], number: int | None) -> None:
    """`number` is that of the line after it."""
    text, spots = lined(paragraph, (number or 0) - len(paragraph))
    outline.block(text, spots if number else ())
    paragraph.clear()
