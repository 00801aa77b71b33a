"""The Markdown sources of the demo handbook: a head of `key: value` lines, then its blocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one face."""

    text: str
    bold: bool = False
    italic: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """One heading, paragraph, list item (`level` is its number) or table."""

    kind: str
    runs: list[Run] = field(default_factory=list)
    level: int = 0
    rows: list[list[list[Run]]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True, slots=True)
class Source:
    """A Markdown source: what its head says, and its blocks."""

    meta: dict[str, str]
    blocks: list[Block]

    @property
    def company(self) -> str:
        return "Halden Works" if self.meta["number"].startswith("HW") else "Corvane Marine"

    @property
    def byline(self) -> str:
        german = self.meta.get("lang") == "de"
        words = ("Herausgeber", "Fassung", "vom") if german else ("Owner", "Version", "Date")
        values = (self.meta["owner"], self.meta["version"], self.meta["date"])
        said = [f"{word}: {value}" for word, value in zip(words, values, strict=True)]
        return " · ".join([self.company, self.meta["number"], *said])

    @property
    def marking(self) -> str:
        return self.meta.get("class", "Intern" if self.meta.get("lang") == "de" else "Internal")


def read(path: Path) -> Source:
    """The head (`key: value` lines between two rules) and the blocks of one Markdown source."""
    _, head, body = path.read_text("utf-8").split("---\n", 2)
    pairs = (line.split(":", 1) for line in head.splitlines())
    return Source({key.strip(): value.strip() for key, value in pairs}, blocks(body))


LISTS = {"bullet_list_open": "bullet", "ordered_list_open": "number"}


def blocks(markdown: str) -> list[Block]:
    """Headings, paragraphs, list items and tables, flat and in order."""
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    found: list[Block] = []
    lists: list[tuple[str, int]] = []
    rows: list[list[list[Run]]] = []
    for opening, token in pairwise([tokens[0], *tokens]):
        _nest(lists, token.type)
        match token.type:
            case "table_open":
                rows = []
            case "tr_open":
                rows.append([])
            case "table_close":
                found.append(Block("table", rows=rows))
            case "inline":
                _place(found, rows, lists, opening, token)
    return found


def _nest(lists: list[tuple[str, int]], kind: str) -> None:
    """Which lists stand around the next block, and at which item each is."""
    if kind in LISTS:
        lists.append((LISTS[kind], 0))
    elif kind.endswith("_list_close"):
        lists.pop()
    elif kind == "list_item_open":
        lists[-1] = (lists[-1][0], lists[-1][1] + 1)


def _place(
    found: list[Block],
    rows: list[list[list[Run]]],
    lists: list[tuple[str, int]],
    opening: Token,
    token: Token,
) -> None:
    runs = _runs(token)
    if opening.type in {"th_open", "td_open"}:
        rows[-1].append(runs)
    elif opening.type == "heading_open":
        found.append(Block("heading", runs, level=int(opening.tag[1]) - 1))
    elif lists:
        found.append(Block(lists[-1][0], runs, level=lists[-1][1]))
    else:
        found.append(Block("paragraph", runs))


def _runs(token: Token) -> list[Run]:
    runs, bold, italic = [], False, False
    for child in token.children or []:
        if child.type in {"strong_open", "strong_close"}:
            bold = child.type == "strong_open"
        elif child.type in {"em_open", "em_close"}:
            italic = child.type == "em_open"
        elif child.type == "softbreak":
            runs.append(Run(" ", bold, italic))
        else:
            runs.append(Run(child.content, bold, italic))
    return runs
