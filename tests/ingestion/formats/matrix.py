"""docs/formats.md from the list of formats and the manifest: `python -m tests.ingestion.formats.matrix` writes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ingestion import formats
from tests.ingestion.formats import samples

PAGE = Path(__file__).resolve().parents[3] / "docs" / "formats.md"
_ABOVE = """\
# What is read, and where a passage says it stands

What a file is, is decided by its content and never by its name; the name only tells apart kinds of text. A file that is
not read is refused as it comes in, or ends in a state that names the reason and what to do.

This page is written by `python -m tests.ingestion.formats.matrix` from the list of formats and from
`tests/ingestion/formats/manifest`. Behind each file stands a test: the file, made by other people's programs, is uploaded,
read in the sandbox, cut, indexed, and the words beside it are found by a search, at the place named.

## Where a passage stands

Every passage has a `locator`, in the API as it is stored and in the portal in words.

| In | `locator` has | In words |
| --- | --- | --- |
| a PDF | `page`, from 1, and `boxes`: rectangles in shares of the page, from its upper left corner | page 3 |
| a presentation | `slide`, from 1, hidden slides counted | slide 4 |
| a sheet | `sheet`, `columns` ("A:F") and `lines`, the first and the last row | Budget, A5:F20 |
| a table of text (CSV) | `columns` and `lines`, counted as a spreadsheet counts them that opens the file | A5:F20 |
| other texts | `lines`, where they are counted | lines 7 to 9 |
| a web page | `anchor`, the id by which a link opens the heading or one above it, where the page has any | |
| all of them | `heading`, the nearest one above | page 3 · Travel |

A passage never runs from one slide to the next, or from one table of a sheet to another. A table that is too long for one passage
has its header above every one; one that is too wide is cut between its columns, each part with the first column.

## What is refused, and what is only told

A password, a format that is not listed here (XLSB, Office before 97, Pages and its like), and damage are said as such, each
with what to do. Of what is read its owner is told, on the document's page: hidden slides and sheets, which are read as the
others; formulas without a result; comments and deletions, which are left out; macros, embedded files and parts that are loaded
from elsewhere, none of which is run, opened or followed. No entity of an XML file is resolved, and what repeats or unpacks
beyond bounds is not read.

## Formats

"""
_FILES = """
## Files

Each is taken from a package of the registry named, at the version and hash in the manifest.

"""


def written() -> str:
    found, abouts = samples.manifest()
    of = {about.media_type: about for about in abouts}
    counts = {one.media_type: sum(file.media_type == one.media_type for file in found) for one in formats.FORMATS}
    head = _table(
        ("Format", "Ending", "What is kept", "A place in it", "What is left out", "Real files"),
        (
            (one.label, one.ending, about.keeps, about.place, about.without, str(counts[one.media_type]))
            for one in formats.FORMATS
            if (about := of.get(one.media_type, samples.About(one.media_type, "", "")))
        ),
    )
    labels = {one.media_type: one.label for one in formats.FORMATS}
    files = _table(
        ("Format", "Package", "File", "Words found", "At"),
        (
            (labels.get(one.media_type, one.media_type), one.package.name, one.member, one.phrase, _place(one.at))
            for one in sorted(found, key=lambda file: (_rank(file.media_type), str(file)))
        ),
    )
    return f"{_ABOVE}{head}{_FILES}{files}"


def _rank(media_type: str) -> int:
    return next((at for at, one in enumerate(formats.FORMATS) if one.media_type == media_type), 99)


def _place(at: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in at.items())


def _table(header: tuple[str, ...], rows: Any) -> str:
    return "\n".join([_line(header), "|" + " --- |" * len(header), *map(_line, rows)]) + "\n"


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
