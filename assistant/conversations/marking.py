"""An answer's lines with the numbers of their sources, where they break neither a table nor code; and what keeps a document's
words plain words in Markdown. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from markdown_it import MarkdownIt

DOUBT = "†"  # after a sentence that no passage supports
# A star that is a sign and no emphasis: "Mitarbeiter*innen", "80*120*160", "(a+b)*c", "2**10", "D:\*.bak". One at a time.
STAR = re.compile(r"(?<=[^\W_])\*(?=[^\W_(€$£])|(?<=\))\*(?=[^\W_(€$£])|(?<=\d)\*(?=\*\d)|(?<=\d\*)\*(?=\d)|(?<=\\)\*")
# Code within a line: its signs, and what stands between them.
SPAN = re.compile(r"(?<!`)(`+)(?!`)(.*?[^`])\1(?!`)")
# What makes a link, a picture, a definition of one, HTML or another sign of a document's words. A backslash too, or it would
# take its meaning from the one that is put there. Before a stroke it stays: in a table it keeps a cell together.
_LIVE = re.compile(
    r"(?<=\])(?=[(\[:])|<(?=[A-Za-z/!?])|&(?=#?\w+;)|\\(?=[!-/:-@\[-`{}~]|\Z)|" + STAR.pattern,
)
# Where blocks begin and end, as any reader of Markdown sees it. HTML is none: `inert` leaves no line of it.
_READER = MarkdownIt("commonmark", {"html": False}).enable("table").disable("inline")
_LEAD = re.compile(r"(?:[\s>]|[-*+][ \t]|\d{1,9}[.)][ \t])*")

Signs = tuple[str, ...]


@dataclass(frozen=True)
class Piece:
    """A sentence as it was delivered, with the numbers of its sources."""

    text: str
    markers: tuple[int, ...]
    is_doubted: bool

    @property
    def signs(self) -> Signs:
        numbers = tuple(f"[{marker}]" for marker in self.markers)
        return (*numbers, DOUBT) if self.is_doubted and self.text.strip() else numbers


@dataclass(frozen=True)
class Part:
    """Words, and the signs behind them."""

    words: str
    signs: Signs = ()

    def __str__(self) -> str:
        gap = " " if self.signs and self.words[-1:].strip() else ""
        return f"{self.words}{gap}{' '.join(self.signs)}"


@dataclass(frozen=True)
class Line:
    """Its parts put together are the line. A fence is the line above or below code."""

    parts: tuple[Part, ...]
    role: Literal["words", "code", "fence"] = "words"

    def __str__(self) -> str:
        return "".join(map(str, self.parts))


@dataclass(frozen=True)
class _Block:
    """Code in fences or a table: lines from `start` to before `stop`. `closing` is the fence that the end of it lacks."""

    start: int
    stop: int
    is_table: bool
    closing: str


def signed(pieces: Iterable[Piece]) -> str:
    """Without white space around it. What is left open of code is closed, or all that is put below would be code."""
    return "\n".join(map(str, lines(pieces)))


def lines(pieces: Iterable[Piece]) -> list[Line]:
    """A sign stands where its sentence ends; in a table in the row's last cell; behind code, which is to run as it is."""
    text, ends = _joined(pieces)
    texts = text.split("\n")
    signs: list[dict[int, Signs]] = [{} for _ in texts]  # by the column that they stand behind
    for end, found in ends.items():
        before = text[:end]
        signs[before.count("\n")][end - before.rfind("\n") - 1] = found
    made: list[Line] = []
    done = 0
    for block in _blocks(texts):
        made += map(_line, texts[done : block.start], signs[done : block.start])
        made += (_table if block.is_table else _code)(block, texts, signs)
        done = block.stop
    return made + list(map(_line, texts[done:], signs[done:]))


def inert(text: str) -> str:
    """As Markdown that calls nothing up: what a document or a model wrote stays words, as it does in the portal. In code
    nothing is called up, and a backslash would be one.
    """
    texts = text.split("\n")
    kept: set[int] = set()
    rows: set[int] = set()
    for block in _blocks(texts):
        (rows if block.is_table else kept).update(range(block.start, block.stop))
    is_loose = False
    made = []
    for number, line in enumerate(texts):
        if number in kept:
            is_loose = False
            made.append(line)
            continue
        is_row = number in rows or line.lstrip().startswith("|")
        # A sign of code without its like on the line may have it on the next one: what is code there, nobody knows.
        is_loose = bool(line.strip()) and (is_loose or _is_loose(line, is_row))
        made.append(_inert(line, [] if is_loose else list(SPAN.finditer(line))))
    return "\n".join(made)


def _is_loose(line: str, is_row: bool) -> bool:
    """A row is cut into its cells before it is looked for code."""
    return "`" in SPAN.sub("", line) or (is_row and any("|" in span.group() for span in SPAN.finditer(line)))


def _inert(line: str, spans: Sequence[re.Match[str]]) -> str:
    made, done = "", 0
    for span in spans:
        made += _LIVE.sub(r"\\\g<0>", line[done : span.start()]) + span.group()
        done = span.end()
    return made + _LIVE.sub(r"\\\g<0>", line[done:])


def _joined(pieces: Iterable[Piece]) -> tuple[str, dict[int, Signs]]:
    """The whole text, and which signs stand behind which place in it."""
    text = ""
    ends: dict[int, Signs] = {}
    for one in pieces:
        text += one.text.replace("\r\n", "\n").replace("\r", "\n")  # both end a line for whoever reads Markdown
        if one.signs:
            end = len(text.rstrip())
            ends[end] = (*ends.get(end, ()), *one.signs)
    lead = len(text) - len(text.lstrip())
    return text.strip(), {max(end - lead, 0): signs for end, signs in ends.items()}


def _blocks(texts: Sequence[str]) -> list[_Block]:
    found = []
    for token in _READER.parse("\n".join(texts) + "\n"):
        if token.map is None or token.type not in {"fence", "table_open"}:
            continue
        start, stop = token.map
        is_table = token.type == "table_open"
        # A fence that is closed is two lines longer than what is in it.
        is_open = not is_table and stop - start - 1 <= token.content.count("\n")
        while is_open and not texts[stop - 1].strip():
            stop -= 1
        found.append(_Block(start, stop, is_table, token.markup if is_open else ""))
    return found


def _line(text: str, ends: Mapping[int, Signs]) -> Line:
    if text.lstrip().startswith("|"):
        return _row(text, _together([ends]))
    spans = [span.span() for span in SPAN.finditer(text)]
    placed: dict[int, Signs] = {}
    for end in sorted(ends):
        place = next((after for start, after in spans if start < end < after), end)
        placed[place] = (*placed.get(place, ()), *ends[end])
    parts, done = [], 0
    for place, signs in placed.items():
        parts.append(Part(text[done:place], signs))
        done = place
    return Line((*parts, Part(text[done:])))


def _row(text: str, signs: Signs) -> Line:
    bare = text.rstrip()
    is_closed = bare.endswith("|") and not bare.endswith("\\|") and bare.strip() != "|"
    end = len(bare[:-1].rstrip()) if is_closed else len(bare)
    return Line((Part(text[:end], signs), Part(text[end:])))


def _table(block: _Block, texts: Sequence[str], signs: Sequence[Mapping[int, Signs]]) -> list[Line]:
    """Another cell in its header or in the line below would make it no table: their signs go to the first row."""
    body = block.start + 2
    made = [Line((Part(text),)) for text in texts[block.start : body]]
    if body == block.stop:
        return made + _behind(block, texts, _together(signs[block.start : body]))
    made.append(_row(texts[body], _together(signs[block.start : body + 1])))
    return made + [_row(texts[number], _together([signs[number]])) for number in range(body + 1, block.stop)]


def _code(block: _Block, texts: Sequence[str], signs: Sequence[Mapping[int, Signs]]) -> list[Line]:
    made = [Line((Part(text),), "code") for text in texts[block.start : block.stop]]
    if block.closing:
        made.append(Line((Part(_lead(block, texts) + block.closing),)))
    made[0], made[-1] = (Line(line.parts, "fence") for line in (made[0], made[-1]))
    return made + _behind(block, texts, _together(signs[block.start : block.stop]))


def _behind(block: _Block, texts: Sequence[str], signs: Signs) -> list[Line]:
    """A paragraph of their own, in the list or quotation in which the block stands."""
    if not signs:
        return []
    empty = Line((Part(""),))
    is_followed = block.stop < len(texts) and texts[block.stop].strip()
    return [empty, Line((Part(_lead(block, texts), signs),)), *([empty] if is_followed else [])]


def _lead(block: _Block, texts: Sequence[str]) -> str:
    lead = _LEAD.match(texts[block.start])
    return re.sub(r"[^\s>]", " ", lead.group()) if lead else ""


def _together(ends: Iterable[Mapping[int, Signs]]) -> Signs:
    """Each sign once, the doubt last."""
    found = dict.fromkeys(sign for one in ends for end in sorted(one) for sign in one[end])
    return tuple(sorted(found, key=DOUBT.__eq__))
