"""Cells of real tables found in their row, and under their head: Chancery's parser, pdfplumber, and a plain dump of the text.

    python -m bench.table_fidelity [--each]

The truth is bench/tables.toml; the documents come from the packages that it names, by the registries' ordinary clients.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pdfplumber
import pypdfium2

from ingestion.parsers.pages.pdf import Pdf
from tests.ingestion.formats import samples

TRUTH = Path(__file__).with_name("tables.toml")
HEAD_MOST = 6  # lines of a table that its head may take
Grid = list[list[str]]
_CELL = re.compile(r"(?<!\\)\|")


def ours(path: Path, page: int) -> list[Grid]:
    with path.open("rb") as file:
        text = "\n\n".join(one.text for one in Pdf().parse(file).sections if one.locator.page == page)
    return [
        [[cell.strip().replace("\\|", "|") for cell in _CELL.split(line.strip()[1:-1])] for line in block.splitlines()]
        for block in text.split("\n\n")
        if block.startswith("|")
    ]


def pdfplumbers(path: Path, page: int, **settings: str) -> list[Grid]:
    with pdfplumber.open(path) as document:
        found = document.pages[page - 1].extract_tables(settings)
    return [[[" ".join((cell or "").split()) for cell in row] for row in grid] for grid in found]


def dumped(path: Path, page: int) -> list[Grid]:
    """Each line is one cell: what a reader of the bare text has."""
    text = pypdfium2.PdfDocument(path)[page - 1].get_textpage().get_text_range()
    return [[[line] for line in text.splitlines()]]


def by_text(path: Path, page: int) -> list[Grid]:
    """As pdfplumber reads tables without ruled lines."""
    return pdfplumbers(path, page, vertical_strategy="text", horizontal_strategy="text")


WAYS: dict[str, Callable[[Path, int], list[Grid]]] = {
    "Chancery": ours,
    "pdfplumber": pdfplumbers,
    "pdfplumber, by text": by_text,
    "plain text": dumped,
}


def scored(table: dict[str, Any], grids: Sequence[Grid]) -> tuple[int, int]:
    """(cells in their row, cells under their head as well), of all but those that name the row."""
    rows = heads = 0
    for name, head, value in cells(table):
        places = [(grid, row) for grid in grids for row in grid if _is_named(row, name) and _holds(row, value)]
        rows += bool(places)
        heads += any(_is_under(_above(table, grid), row, head, value) for grid, row in places)
    return rows, heads


def cells(table: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(name of its row, head, value)"""
    for name, *values in table["rows"]:
        yield from ((name, head, value) for head, value in zip(table["head"][1:], values, strict=True) if value)


def _is_named(row: Sequence[str], name: str) -> bool:
    """A way may set a column or two before the name, or split it over them."""
    return re.match(rf"\W*{re.escape(name)}(?!\w)", " ".join(filter(None, row))) is not None


def _holds(row: Sequence[str], value: str) -> bool:
    return any(re.search(rf"(?<![\w.,]){re.escape(value)}(?![\w.,]*\w)", cell) for cell in row)


def _above(table: dict[str, Any], grid: Grid) -> Grid:
    """The lines right above the first row of the table, among which its head stands."""
    told = [(name, value) for name, _, value in cells(table)]
    are_there = (any(_is_named(row, name) and _holds(row, value) for name, value in told) for row in grid)
    first = next((at for at, is_there in enumerate(are_there) if is_there), 0)
    return grid[max(0, first - HEAD_MOST) : first]


def _is_under(above: Grid, row: Sequence[str], head: str, value: str) -> bool:
    """A head may stand over several lines, which some ways keep apart; where a space stands in it is not counted."""
    letters = r"\s*".join(map(re.escape, head.replace(" ", "")))
    said = re.compile(rf"(?<!\w){letters}(?!\w)")
    places = [at for at, cell in enumerate(row) if cell == value]
    return any(said.search(" ".join(line[at] for line in above if at < len(line))) for at in places)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--each", action="store_true", help="also table by table")
    told = tomllib.loads(TRUTH.read_text(encoding="utf-8"))
    packages = {name: samples.Package(name, **given) for name, given in told["packages"].items()}
    tables = told["tables"]
    sizes = [len(list(cells(table))) for table in tables]
    paths = [samples.unpacked(packages[table["package"]]) / table["file"] for table in tables]
    found = {
        name: [scored(table, read(path, table["page"])) for table, path in zip(tables, paths, strict=True)]
        for name, read in WAYS.items()
    }
    documents = len({*paths})
    print(f"{len(tables)} tables of {documents} documents from {len(packages)} packages, {sum(sizes)} cells\n")
    print("| read by | cells in their row | under their head as well |\n| --- | --- | --- |")
    for name, scores in found.items():
        rows, heads = (sum(one) for one in zip(*scores, strict=True))
        print(f"| {name} | {rows} ({100 * rows / sum(sizes):.0f} %) | {heads} ({100 * heads / sum(sizes):.0f} %) |")
    for at, table in enumerate(tables) if asked.parse_args().each else ():
        print(table["file"].rpartition("/")[2], table["page"], sizes[at], *(scores[at] for scores in found.values()))


if __name__ == "__main__":
    main()
