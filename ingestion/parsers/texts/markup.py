"""reStructuredText, AsciiDoc and LaTeX: their headings as headings, their text as it is written, with its lines."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from ingestion.parsers.base import Parsed, Parser
from ingestion.parsers.outline import TITLE_MAX, Outline, lined, one_line
from ingestion.parsers.texts.text import decode, lines_of

Heading = tuple[int, str]


class _Markup(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        outline = Outline(self.bounds.characters)
        lines = lines_of(decode(stream.read()).lstrip("\ufeff"))
        held: list[str] = []
        for number, line, heading in self.read(lines):
            if heading or not line.strip():
                outline.block(*lined(held, number - len(held)))
                held = []
            if heading:
                outline.heading(*heading)
            elif line.strip():
                held.append(line)
        outline.block(*lined(held, len(lines) + 1 - len(held)))
        sections = outline.filled()
        return Parsed((self.title(lines) or outline.first_heading)[:TITLE_MAX], sections)

    @abstractmethod
    def read(self, lines: Sequence[str]) -> Iterator[tuple[int, str, Heading | None]]:
        """(number, line, or the heading in its place); a line that only marks something is an empty one."""

    def title(self, lines: Sequence[str]) -> str:
        return ""


_ADORNED = re.compile(r"([=\-~^\"'#*+.:_`<>])\1{2,}[ \t]*\Z")


class RestructuredText(_Markup):
    def read(self, lines: Sequence[str]) -> Iterator[tuple[int, str, Heading | None]]:
        """Which sign marks which level is told by the order in which a document uses them."""
        levels: list[tuple[str, bool]] = []
        at = 0
        while at < len(lines):
            over = (
                bool(_ADORNED.match(lines[at]))
                and _is_title(lines, at + 1)
                and lines[at].strip() == lines[at + 2].strip()
            )
            name = at + 1 if over else at
            if over or (_is_title(lines, at) and (at == 0 or not lines[at - 1].strip())):
                mark = (lines[name + 1][0], over)
                levels += [] if mark in levels else [mark]
                yield name + 1, "", (levels.index(mark) + 1, lines[name])
                yield name + 2, "", None
                at = name + 2
            else:
                yield at + 1, lines[at], None
                at += 1


def _is_title(lines: Sequence[str], at: int) -> bool:
    if at + 1 >= len(lines) or not lines[at].strip() or _ADORNED.match(lines[at]):
        return False
    return bool(_ADORNED.match(lines[at + 1])) and len(lines[at + 1].rstrip()) >= min(4, len(lines[at].rstrip()))


_EQUALS = re.compile(r"(={1,6})[ \t]+(\S.*?)(?:[ \t]+=+)?[ \t]*\Z")
_DELIMITED = re.compile(r"(-{4,}|\.{4,}|\+{4,}|/{4,}|```+)[ \t]*\Z")


class AsciiDoc(_Markup):
    def read(self, lines: Sequence[str]) -> Iterator[tuple[int, str, Heading | None]]:
        within = ""
        for number, line in enumerate(lines, 1):
            mark = _DELIMITED.match(line)
            if mark and (not within or within == mark[1]):
                within = "" if within else mark[1]
            found = None if within else _EQUALS.match(line)
            yield number, line, (len(found[1]), found[2]) if found else None


_LEVELS = {
    name: at for at, name in enumerate(("part", "chapter", "section", "subsection", "subsubsection", "paragraph"), 1)
}
_HEADED = re.compile(rf"[ \t]*\\({'|'.join(_LEVELS)})\*?(?:\[[^\]]*\])?\{{")
_TITLED = re.compile(r"\\title\*?(?:\[[^\]]*\])?\{")
_COMMENT = re.compile(r"(?<!\\)%.*")
_SILENT = re.compile(r"[ \t]*\\(?:begin|end|label|usepackage|documentclass|vspace|hspace|newpage|clearpage|maketitle|centering|"
                     r"tableofcontents|bibliographystyle|setlength|input|include|hline|noindent)\b[^\n]*\Z")  # fmt: skip
_SAYS = re.compile(
    r"\\(?:emph|textbf|textit|texttt|textsc|textsf|underline|mbox|footnote|caption|href\{[^{}]*\}|url)\{([^{}]*)\}"
)
_ITEM = re.compile(r"\\item(?:\[([^\]]*)\])?[ \t]*")


class Latex(_Markup):
    def read(self, lines: Sequence[str]) -> Iterator[tuple[int, str, Heading | None]]:
        start = next((at for at, line in enumerate(lines) if "\\begin{document}" in line), -1) + 1
        for number, line in enumerate(lines[start:], start + 1):
            said = _COMMENT.sub("", line)
            found = _HEADED.match(said)
            if found:
                yield (
                    number,
                    "",
                    (_LEVELS[found[1]], _plain(_braced("\n".join(lines[number - 1 : number + 4]), found.end()))),
                )
            elif _SILENT.match(said):
                yield number, "", None
            else:
                yield number, _ITEM.sub(lambda item: f"- {item[1] or ''}", _plain(said).rstrip()), None

    def title(self, lines: Sequence[str]) -> str:
        text = "\n".join(lines[:500])
        found = _TITLED.search(text)
        return one_line(_plain(_braced(text, found.end()).replace("\\\\", " "))) if found else ""


def _braced(text: str, start: int) -> str:
    """What stands from here to the brace that closes."""
    depth = 1
    for at in range(start, min(len(text), start + 500)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return text[start:at]
    return text[start:].partition("\n")[0]


def _plain(text: str) -> str:
    for _ in range(3):  # as deep as people nest them
        text = _SAYS.sub(r"\1", text)
    return text.replace("~", " ").replace("\\&", "&").replace("\\%", "%").replace("\\_", "_").replace("\\$", "$")
