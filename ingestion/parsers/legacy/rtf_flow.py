"""A run of paragraphs and tables of an RTF file: the text itself, a note, a box, a running header."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ingestion.parsers.legacy.rtf_tokens import ENDS
from ingestion.parsers.outline import Outline, one_line, table

TITLE = -1
_NUMBER = re.compile(r"\(?(?:\d{1,4}|[a-zA-Z]|[ivxlcIVXLC]{2,6})(?:\.\d{1,3}){0,8}[.)]?")
_TYPED = re.compile("[\u2022\u00b7\uf000-\uf0ff]\t")  # a bullet that was typed, or that an old program wrote out
_INDENT_MOST = 8
_BODY_LEVEL = 9


@dataclass
class _Paragraph:
    style: int = 0
    outline: int | None = None
    level: int = 0  # in a list
    is_cell: bool = False


@dataclass
class Flow:
    """`levels` are those of the headings by their styles' numbers, TITLE for a title; shared by all flows of a file."""

    levels: dict[int, int] = field(default_factory=dict)
    _blocks: list[tuple[int, str]] = field(default_factory=list)  # level of a heading, or 0, and what it says
    _after: list[Flow] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _mark: list[str] = field(default_factory=list)
    _items: list[str] = field(default_factory=list)
    _cell: list[str] = field(default_factory=list)  # paragraphs
    _cells: list[str] = field(default_factory=list)
    _rows: list[list[str]] = field(default_factory=list)
    _merged: list[str] = field(default_factory=list)  # of the cells of a row: up, left, or nothing
    _next_merged: str = ""
    _paragraph: _Paragraph = field(default_factory=_Paragraph)

    def say(self, said: str) -> None:
        self._text.append(said)

    def mark(self, said: str) -> None:
        """What stands before an item of a list."""
        self._mark.append(said)

    def beside(self, other: Flow) -> None:
        """After the paragraph that is being written."""
        self._after.append(other)

    def control(self, word: str, value: int | None) -> None:
        if word in ENDS:
            self._end_paragraph()
        elif word in {"cell", "nestcell"}:
            self._end_cell(is_nested=word == "nestcell")
        elif word == "row":
            self._end_row()
        elif word == "pard":
            self._paragraph = _Paragraph()
        else:
            self._shape(word, value or 0)

    def _shape(self, word: str, value: int) -> None:
        paragraph = self._paragraph
        if word == "s":
            paragraph.style = value
        elif word == "outlinelevel":
            paragraph.outline = value
        elif word == "ilvl":
            paragraph.level = min(max(value, 0), _INDENT_MOST)
        elif word in {"intbl", "itap"}:
            paragraph.is_cell = word == "intbl" or value > 0
        elif word == "trowd":
            self._merged, self._next_merged = [], ""
        elif word in {"clmrg", "clvmrg"}:
            self._next_merged = "left" if word == "clmrg" else "up"
        elif word == "cellx":
            self._merged.append(self._next_merged)
            self._next_merged = ""

    def write(self, outline: Outline) -> str:
        """Its title, where a paragraph has the style of one."""
        self._finish()
        title = ""
        for level, said in self._blocks:
            if level == TITLE and not title:
                title = one_line(said)
            elif level > 0:
                outline.heading(level, said)
            else:
                outline.block(said)
        return title

    def all_said(self) -> str:
        self._finish()
        return "\n".join(said for _, said in self._blocks if said.strip(" \t0123456789"))

    def _finish(self) -> None:
        self._end_paragraph()
        if self._cells:
            self._end_row()
        self._end_table()
        self._end_list()

    def _end_paragraph(self) -> None:
        said, mark = "".join(self._text).strip("\n"), "".join(self._mark).strip()
        self._text, self._mark = [], []
        if self._paragraph.is_cell:
            self._cell.append(said)
            return
        if said.strip():
            self._end_table()
            self._place(said, mark)
        self._end_after()

    def _place(self, said: str, mark: str) -> None:
        level = self.levels.get(self._paragraph.style, 0)
        if found := _TYPED.match(said):
            said, mark = said[found.end() :], mark or "-"
        if self._paragraph.outline is not None:
            level = 0 if self._paragraph.outline >= _BODY_LEVEL else self._paragraph.outline + 1
        if mark and not level:
            number = mark if _NUMBER.fullmatch(mark) else "-"
            number = number if not number[-1:].isalnum() else f"{number}."
            self._items.append(f"{'  ' * self._paragraph.level}{number} {one_line(said)}")
            return
        self._end_list()
        self._blocks.append((level, said if not mark else f"{mark} {said}"))

    def _end_after(self) -> None:
        """Notes and boxes, once the paragraph or the table that they belong to is written."""
        if not self._after or self._rows or self._cells or self._cell:
            return
        self._end_list()
        for flow in self._after:
            flow._finish()
            self._blocks += [(0, said) for _, said in flow._blocks]
        self._after = []

    def _end_cell(self, *, is_nested: bool) -> None:
        self._cell.append("".join(self._text))
        self._text, self._mark = [], []
        if is_nested:
            self._cell.append(";")
            return
        self._cells.append(" ".join(filter(None, map(one_line, self._cell))).strip("; "))
        self._cell = []

    def _end_row(self) -> None:
        above = self._rows[-1] if self._rows else []
        cells: list[str] = []
        for at, said in enumerate(self._cells):
            merged = self._merged[at] if at < len(self._merged) else ""
            is_up = merged == "up" and not said and at < len(above)
            cells.append(above[at] if is_up else said)
        self._end_list()
        self._rows.append(cells)
        self._cells, self._cell, self._text = [], [], []

    def _end_table(self) -> None:
        if len(self._rows) == 1 and len(self._rows[0]) == 1:
            self._blocks.append((0, self._rows[0][0]))  # a frame around text, not a table
        elif self._rows:
            self._blocks.append((0, table(self._rows)))
        self._rows = []

    def _end_list(self) -> None:
        if self._items:
            self._blocks.append((0, "\n".join(self._items)))
        self._items = []
