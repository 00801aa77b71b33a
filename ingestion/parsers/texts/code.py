"""Source code: its functions and classes as headings, its lines as they are, each with its number."""

from __future__ import annotations

import re
from typing import BinaryIO

from ingestion.parsers.base import Parsed, Parser
from ingestion.parsers.outline import Outline, fenced, one_line
from ingestion.parsers.texts.text import decode, lines_of

HEADING_MOST = 120
_MODIFIERS = (
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract|override|virtual|async|sealed|partial|"
    r"pub(?:\([\w: ]*\))?|unsafe|const|inline|extern|open|data|suspend|local|declare)\s+)*"
)
_DECLARED = re.compile(
    rf"(?P<indent>[ \t]*)(?:{_MODIFIERS}"
    r"(?:class|interface|enum|struct|trait|impl|mod|module|namespace|object|protocol|extension|record|type|"
    r"def|fn|func|fun|function\*?|sub|procedure)\s+[^\s=;][^;=]*(?:[{(:]|$)"
    # A method of Java or C# has no word before it but its modifiers and its type.
    r"|(?:(?:public|private|protected|internal|static|final|abstract|override|virtual|async)\s+)+[\w<>\[\],.?&*: \t]+\([^;]*"
    r"|CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMP(?:ORARY)?\s+)?(?:TABLE|VIEW|FUNCTION|PROCEDURE|TRIGGER|TYPE|INDEX|SCHEMA)\s+[^;]+"
    r"|[\w-]+[ \t]*\(\)[ \t]*\{)",
)
# A function of C begins where the line does: a type and a name, and no word that begins a statement.
_C_NAMED = re.compile(r"[A-Za-z_][\w:<>,*&~ \t]*\Z")
_STATEMENTS = frozenset(
    ("if", "for", "while", "switch", "return", "else", "do", "case", "using", "typedef", "goto", "throw", "new")
)
_COMMENT = re.compile(r"[ \t]*(?://|#(?!\w+ *\()|/?\*|--|;|%|\"\"\"|@|\[\w)")
_LONG = 400  # characters of a line in which nothing is looked for: what machines have written


class Code(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        outline = Outline(self.bounds.characters)
        _read(outline, lines_of(decode(stream.read())))
        sections = outline.filled()
        return Parsed("", sections)


def _read(outline: Outline, lines: list[str]) -> None:
    held: list[str] = []
    open_at: list[int] = []  # the indents of the declarations around this line
    for number, line in enumerate(lines, 1):
        indent = _declared(line)
        if indent is not None:
            above = _comments_above(held)
            outline.block(*fenced(held[: len(held) - above], number - len(held)))
            held = held[len(held) - above :]
            open_at = [*(one for one in open_at if one < indent), indent]
            outline.heading(len(open_at), _heading(line))
        held.append(line)
    outline.block(*fenced(held, len(lines) + 1 - len(held)))


def _declared(line: str) -> int | None:
    """How far a line is indented that declares something; None for any other line."""
    if len(line) >= _LONG or _COMMENT.match(line):
        return None
    found = _DECLARED.match(line)
    if found:
        return len(found["indent"].expandtabs(4))
    head, opened, rest = line.partition("(")
    words = head.replace("*", " ").split()
    is_function = bool(opened) and len(words) > 1 and words[0] not in _STATEMENTS and bool(_C_NAMED.match(head))
    return 0 if is_function and not rest.rstrip().endswith(";") and rest.rstrip()[-1:] in {"{", ")", ","} else None


def _comments_above(held: list[str]) -> int:
    """How many lines right above a declaration speak of it: comments, decorators, attributes."""
    count = 0
    while count < len(held) and held[-1 - count].strip() and _COMMENT.match(held[-1 - count]):
        count += 1
    return count


def _heading(line: str) -> str:
    said = one_line(line).rstrip("{ :(")
    return said if len(said) <= HEADING_MOST else f"{said[:HEADING_MOST]}…"
