"""XLSX and XLSM: every sheet, its tables row by row, with what its formulas came to when it was last saved.

Read straight from the package, row after row: what a library builds of a sheet takes many times its size, and a sheet of
a few kilobytes may say that it has a million columns.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from governance.sentence import phrase, sentence
from ingestion.parsers.base import Parsed, Parser
from ingestion.parsers.office import charts, drawing
from ingestion.parsers.office.ooxml import R, found_flags, is_on, main_part, number, related
from ingestion.parsers.outline import TITLE_MAX, Outline, few, one_line, too_large
from ingestion.parsers.package import Package, Relation, broken
from ingestion.parsers.tables import grids, number_formats, sheets
from ingestion.parsers.tables.grids import Cell, Grid, Merge

HIDDEN_SHEETS = phrase("Hidden sheets are read as the others: %(some)s.")
NO_RESULTS = phrase(
    "%(count)s formulas have no result in the file and are left out: save it anew in a spreadsheet program."
)
_CELL = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")
_FIGURES = "0123456789$"
_SHEETS_MOST = 1_000
_SEEN_MOST = 10_000_000  # cells, empty ones too


class Xlsx(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        package = Package(io.BytesIO(stream.read()), self.bounds.unpacked)
        name = main_part(package, "xl/workbook.xml")
        root = package.xml(name) if name else None
        if root is None:
            raise broken()
        book = _Book(package, name, root)
        outline = Outline(self.bounds.characters)
        for said, part in book.sheets():
            book.write(outline, said, part)
        sections = outline.filled()
        title = one_line(package.title())[:TITLE_MAX]
        warnings, found = book.warnings(), found_flags(package)
        return Parsed(title, sections, warnings=warnings, flags=found, dated=package.dated())


def hidden_sheets(names: list[str]) -> tuple[str, ...]:
    """What their owner is told of them."""
    if not names:
        return ()
    return (sentence(HIDDEN_SHEETS, some=few(names)),)


class _Book:
    def __init__(self, package: Package, name: str, root: Any) -> None:
        self._package, self._name, self._root = package, name, root
        self._relations = package.relations(name)
        self._strings = list(self._shared())
        self._codes = _codes(self._part("styles"))
        properties = root.find("{*}workbookPr")
        self._is_1904 = properties is not None and is_on(properties.get("date1904"))
        self._without_result = 0
        self._seen = 0

    def sheets(self) -> Iterator[tuple[str, Relation]]:
        """In the order of the tabs."""
        for sheet in list(self._root.iterfind("{*}sheets/{*}sheet"))[:_SHEETS_MOST]:
            part = self._relations.get(sheet.get(R + "id", ""))
            if part is not None and part.target in self._package.names:
                yield one_line(sheet.get("name", "")) or "Sheet", part

    def warnings(self) -> tuple[str, ...]:
        every = self._root.iterfind("{*}sheets/{*}sheet")
        told = [*hidden_sheets([one.get("name", "") for one in every if one.get("state", "visible") != "visible"])]
        if self._without_result:
            told.append(sentence(NO_RESULTS, count=self._without_result))
        return tuple(told)

    def write(self, outline: Outline, name: str, part: Relation) -> None:
        if part.kind == "worksheet":
            sheets.write(outline, name, self._grid(part.target))
        if part.kind in {"worksheet", "chartsheet"}:
            self._drawings(outline, name, part.target)

    def _part(self, kind: str) -> Any | None:
        found = related(self._package, self._name, kind)
        return self._package.part(found[0]) if found else None

    def _shared(self) -> Iterator[str]:
        names = related(self._package, self._name, "sharedStrings")
        if names and names[0] in self._package.names:
            with self._package.walk(names[0], "{*}si") as items:
                yield from map(_text, items)

    def _grid(self, name: str) -> Grid:
        grid, at = Grid(), 0
        with self._package.walk(name, "{*}row", "{*}mergeCell") as walk:
            for element in walk:
                if element.tag.endswith("}mergeCell"):
                    _merge(grid, element.get("ref", ""))
                    continue
                at = number(element.get("r"), at + 1, grids.ROWS_MOST + 1)
                self._row(grid, at, element)
        return grid

    def _row(self, grid: Grid, at: int, row: Any) -> None:
        column = 0
        for element in row:
            if element.tag[-2:] == "}c":
                place = element.get("r")
                column = grids.column_number(place.rstrip(_FIGURES)) if place else column + 1
                if len(element):  # many a sheet has millions that only have a colour
                    grid.put(at, column, self._cell(element))
        self._seen += len(row)
        if self._seen > _SEEN_MOST:
            raise too_large()

    def _cell(self, element: Any) -> Cell:
        inside = {child.tag.rpartition("}")[2]: child for child in element.iterchildren("*")}
        kind = element.get("t", "n")
        if kind == "inlineStr":
            return Cell(_text(inside["is"]) if "is" in inside else "")
        said = inside["v"].text if "v" in inside else None
        if said is None:
            self._without_result += "f" in inside
            return Cell("")
        return self._figure(said, element.get("s")) if kind == "n" else self._other(kind, said)

    def _other(self, kind: str, said: str) -> Cell:
        if kind == "s":
            at = number(said, len(self._strings), len(self._strings))
            return Cell(self._strings[at] if at < len(self._strings) else "")
        if kind == "b":
            return Cell("TRUE" if said == "1" else "FALSE")
        if kind == "d":
            return Cell(said.replace("T00:00:00", "").replace("T", " "), "d")
        return Cell(said)

    def _figure(self, said: str, style: str | None) -> Cell:
        try:
            value = float(said)
        except ValueError:
            return Cell(said)
        if not math.isfinite(value):
            return Cell(said)
        at = number(style, 0, len(self._codes)) if style else 0
        code = self._codes[at] if at < len(self._codes) else number_formats.GENERAL
        return Cell(*number_formats.shown(value, code, is_1904=self._is_1904))

    def _drawings(self, outline: Outline, name: str, part: str) -> None:
        """Text boxes and charts that lie on the sheet stand after its tables."""
        for drawn in related(self._package, part, "drawing"):
            root = self._package.part(drawn)
            if root is None:
                continue
            blocks = ["\n".join(drawing.lines(body)) for body in root.iter("{*}txBody")]
            blocks += charts.told(self._package, drawn, root)
            blocks = [block for block in blocks if block.strip()]
            if blocks:
                outline.heading(1, name)
                outline.place(sheets.whole(name))
            for block in blocks:
                outline.block(block)


def _text(element: Any) -> str:
    """Without the readings of East Asian words, which stand beside them."""
    return "".join(
        one.text or ""
        for one in element.iter("{*}t")
        if not (one.getparent().tag.endswith("}rPh") if one.getparent() is not None else False)
    )


def _codes(root: Any | None) -> list[str]:
    """The codes of number formats, by the number that cells have for their style."""
    if root is None:
        return []
    own = {one.get("numFmtId"): one.get("formatCode", "") for one in root.iterfind("{*}numFmts/{*}numFmt")}
    told = []
    for style in root.iterfind("{*}cellXfs/{*}xf"):
        key = style.get("numFmtId", "0")
        built_in = number_formats.BUILT_IN.get(number(key, 0, 1_000), number_formats.GENERAL)
        told.append(own.get(key) or built_in)
    return told


def _merge(grid: Grid, ref: str) -> None:
    first, _, last = ref.partition(":")
    corners = [_CELL.fullmatch(corner) for corner in (first, last)]
    if corners[0] and corners[1] and len(grid.merges) < grids.MERGES_MOST:
        (left, top), (right, bottom) = (corner.groups() for corner in corners if corner)
        grid.merges.append(Merge(int(top), grids.column_number(left), int(bottom), grids.column_number(right)))
