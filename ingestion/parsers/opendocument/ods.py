"""ODS: every sheet, its tables row by row. What a cell shows is stored beside its value; what repeats is stored once."""

from __future__ import annotations

from typing import Any, BinaryIO

from governance.sentence import sentence
from ingestion.parsers.base import Parsed, Parser
from ingestion.parsers.office import xlsx
from ingestion.parsers.opendocument import odf, odf_blocks
from ingestion.parsers.opendocument.odf import OFFICE, STYLE, TABLE, TEXT
from ingestion.parsers.outline import Outline, one_line
from ingestion.parsers.package import Package
from ingestion.parsers.tables import grids, sheets
from ingestion.parsers.tables.grids import Cell, Grid, Merge

_KINDS = {"float": "n", "percentage": "n", "currency": "n", "date": "d", "time": "d"}
_NAME, _STYLE_NAME = TABLE + "name", TABLE + "style-name"
_SHEETS_MOST = 1_000
_TAKEN = (STYLE + "style", TABLE + "shapes", TABLE + "table-row", TABLE + "table")


class Ods(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        package = odf.opened(stream, self.bounds.unpacked)
        reading = _Reading(Outline(self.bounds.characters), package)
        with package.walk(odf.CONTENT, *_TAKEN) as walk:
            for element in walk:
                reading.take(element)
        sections = reading.outline.filled()
        title, warnings, found = odf.title(package), reading.warnings(), odf.found_flags(package)
        return Parsed(title, sections, warnings=warnings, flags=found, dated=odf.dated(package))


class _Reading:
    """Takes rows as they come; a sheet says its name at its end."""

    def __init__(self, outline: Outline, package: Package) -> None:
        self.outline = outline
        self._package = package
        self._hidden_styles: set[str] = set()
        self._hidden: list[str] = []
        self._without_result = 0
        self._sheets = 0
        self._begin()

    def _begin(self) -> None:
        self._grid, self._row, self._drawn = Grid(), 0, list[str]()

    def take(self, element: Any) -> None:
        if element.tag == STYLE + "style":
            if any(one.get(TABLE + "display") == "false" for one in element):
                self._hidden_styles.add(element.get(STYLE + "name", ""))
        elif element.tag == TABLE + "shapes":
            self._drawn += odf_blocks.drawn(self._package, element)
        elif element.tag == TABLE + "table-row":
            self._take_row(element)
        elif self._sheets < _SHEETS_MOST:
            self._end(element)

    def warnings(self) -> tuple[str, ...]:
        told = [*xlsx.hidden_sheets(self._hidden)]
        if self._without_result:
            told.append(sentence(xlsx.NO_RESULTS, count=self._without_result))
        return tuple(told)

    def _end(self, element: Any) -> None:
        name = one_line(element.get(_NAME, "")) or "Sheet"
        self._sheets += 1
        if element.get(_STYLE_NAME) in self._hidden_styles:
            self._hidden.append(name)
        sheets.write(self.outline, name, self._grid)
        told = [*filter(None, map(str.strip, self._drawn))]
        if told:
            self.outline.heading(1, name)
            self.outline.place(sheets.whole(name))
        for said in told:
            self.outline.block(said)
        self._begin()

    def _take_row(self, row: Any) -> None:
        height = odf.span(row, TABLE + "number-rows-repeated")
        found = self._cells(row)
        for number in range(
            self._row + 1, self._row + 1 + min(height, odf.repeats(row, TABLE + "number-rows-repeated"))
        ):
            for column, cell in found if number <= grids.ROWS_MOST else ():
                self._grid.put(number, column, cell)
        self._row += height
        self._drawn += odf_blocks.drawn(self._package, row)

    def _cells(self, row: Any) -> list[tuple[int, Cell]]:
        found: list[tuple[int, Cell]] = []
        column = 0
        for element in row.iterchildren(TABLE + "table-cell", TABLE + "covered-table-cell"):
            cell = self._cell(element)
            if cell.text and column < grids.COLUMNS_MOST:
                many = odf.repeats(element, TABLE + "number-columns-repeated")
                found += [(column + at, cell) for at in range(1, many + 1)]
                self._merge(element, column + 1)
            column += odf.span(element, TABLE + "number-columns-repeated")
        return found

    def _cell(self, element: Any) -> Cell:
        words = " ".join(filter(None, (one_line(odf.said(one)) for one in element.iterchildren(TEXT + "p"))))
        kind = _KINDS.get(element.get(OFFICE + "value-type", ""), "t")
        value = element.get(OFFICE + "value") or element.get(OFFICE + "date-value") or ""
        if not words and not value:
            self._without_result += element.get(TABLE + "formula") is not None
        return Cell(words or value, kind)

    def _merge(self, element: Any, column: int) -> None:
        tall = odf.span(element, TABLE + "number-rows-spanned")
        wide = odf.span(element, TABLE + "number-columns-spanned")
        if (tall > 1 or wide > 1) and len(self._grid.merges) < grids.MERGES_MOST:
            top = self._row + 1
            self._grid.merges.append(Merge(top, column, top + tall - 1, column + wide - 1))
