"""Markdown: headings make sections; everything else stays as it was written."""

from __future__ import annotations

import re
from typing import BinaryIO

from ingestion.parsers.base import Parsed, Parser
from ingestion.parsers.outline import Outline
from ingestion.parsers.text import EMPTY, decode

HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
FENCE = re.compile(r" {0,3}(```+|~~~+)")
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


class Markdown(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        text = FRONT_MATTER.sub("", decode(stream.read()))
        outline = Outline()
        paragraph: list[str] = []
        fence = ""
        for line in text.split("\n"):
            opened = FENCE.match(line)
            if opened and (not fence or opened[1].startswith(fence)):
                fence = "" if fence else opened[1]
            heading = None if fence else HEADING.match(line)
            if heading:
                self._flush(outline, paragraph)
                outline.heading(len(heading[1]), heading[2])
            elif not fence and paragraph and self._underlines(line, paragraph):
                outline.heading(1 if "=" in line else 2, paragraph.pop())
            elif line.strip() or fence:
                paragraph.append(line)
            else:
                self._flush(outline, paragraph)
        self._flush(outline, paragraph)
        outline.close()
        if not outline.sections:
            raise EMPTY
        title = outline.first_heading or outline.sections[0].text.split("\n")[0][:200]
        return Parsed(title, tuple(outline.sections))

    def _underlines(self, line: str, paragraph: list[str]) -> bool:
        """A setext heading is one line with a rule below; below a table row or a list item, a rule is a rule."""
        return (
            bool(UNDERLINE.match(line)) and len(paragraph) == 1 and not re.match(r"\s*(\||[-*+] |\d+\. )", paragraph[0])
        )

    def _flush(self, outline: Outline, paragraph: list[str]) -> None:
        outline.block("\n".join(paragraph))
        paragraph.clear()
