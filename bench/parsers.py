"""Each parser against the fastest permissive library alone, on the same real files: `python -m bench.parsers`.

The files are those of docs/formats.md, other people's, fetched as its test fetches them. Both sides take a file from its
bytes to all of its text; ours makes sections, headings, tables and places of it as well, the library makes a list of strings.
Ours and the library's turns alternate, file by file; each turn is repeated until it has taken long enough to be timed, and
counts the processor's seconds. A file that the library cannot read is left out and counted. The sandbox around a parser is
measured by itself: what a document of one line takes through it.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import statistics
import tempfile
import time
import zipfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree
from lxml import html as lxml_html

from ingestion import formats
from ingestion.parsers.base import Parser
from ingestion.parsers.limited import sandbox
from tests.ingestion.formats import samples

LEAST_S = 0.05  # of a turn
Read = Callable[[bytes], object]


def _pdf(raw: bytes) -> list[str]:
    import pypdfium2

    document = pypdfium2.PdfDocument(raw)
    return [document[at].get_textpage().get_text_range() for at in range(len(document))]


def _docx(raw: bytes) -> list[str]:
    import docx

    document = docx.Document(io.BytesIO(raw))
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    return [*(one.text for one in document.paragraphs), *cells]


def _pptx(raw: bytes) -> list[str]:
    import pptx

    shapes = (shape for slide in pptx.Presentation(io.BytesIO(raw)).slides for shape in slide.shapes)
    return [shape.text_frame.text for shape in shapes if shape.has_text_frame]


def _xlsx(raw: bytes) -> list[str]:
    import openpyxl  # type: ignore[import-untyped]

    book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    return [str(cell) for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for cell in row if cell]


def _csv(raw: bytes) -> list[list[str]]:
    import csv

    from charset_normalizer import from_bytes

    text = str(from_bytes(raw).best())
    return list(csv.reader(io.StringIO(text, newline=""), csv.Sniffer().sniff(text[:8_000])))


def _odf(raw: bytes) -> list[str]:
    """lxml alone, which is many times faster than odfpy."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return [*map(str, etree.fromstring(archive.read("content.xml")).itertext())]


def _rtf(raw: bytes) -> str:
    from striprtf.striprtf import rtf_to_text

    return str(rtf_to_text(raw.decode("latin-1"), errors="ignore"))  # type: ignore[no-untyped-call]


def _xls(raw: bytes) -> list[str]:
    import xlrd  # type: ignore[import-untyped]

    book = xlrd.open_workbook(file_contents=raw, logfile=io.StringIO())
    return [str(value) for sheet in book.sheets() for row in range(sheet.nrows) for value in sheet.row_values(row)]


def _html(raw: bytes) -> str:
    return str(lxml_html.document_fromstring(raw).text_content())


def _markdown(raw: bytes) -> list[Any]:
    from markdown_it import MarkdownIt

    return list(MarkdownIt().parse(raw.decode("utf-8", "replace")))


def _text(raw: bytes) -> str:
    from charset_normalizer import from_bytes

    return str(from_bytes(raw).best())


ALONE: dict[str, tuple[str, Read]] = {
    formats.PDF: ("pypdfium2", _pdf),
    formats.DOCX: ("python-docx", _docx),
    formats.PPTX: ("python-pptx", _pptx),
    formats.XLSX: ("openpyxl, read-only", _xlsx),
    formats.CSV: ("csv and charset-normalizer", _csv),
    formats.TSV: ("csv and charset-normalizer", _csv),
    formats.ODT: ("lxml", _odf),
    formats.ODS: ("lxml", _odf),
    formats.ODP: ("lxml", _odf),
    formats.RTF: ("striprtf", _rtf),
    formats.XLS: ("xlrd, where it is installed", _xls),
    formats.HTML: ("lxml", _html),
    formats.MARKDOWN: ("markdown-it-py", _markdown),
    formats.TEXT: ("charset-normalizer", _text),
}


@dataclass
class Turns:
    """Of one format: bytes, pages where it has some, and processor's seconds of ours and of the library."""

    size: int = 0
    pages: int = 0
    files: int = 0
    left_out: int = 0
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.parsers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args(arguments).rounds
    measured: defaultdict[str, Turns] = defaultdict(Turns)
    for sample in samples.manifest()[0]:
        if sample.media_type in ALONE:
            try:
                _measure(measured[sample.media_type], sample.media_type, samples.fetch(sample).read_bytes(), rounds)
            except samples.NotReached as away:
                print(f"left out: {away}")
    print("| format | files | MB/s | pages/s | library alone | MB/s | ours ÷ alone |\n" + "| --- " * 7 + "|")
    for one in formats.FORMATS:
        if (turns := measured.get(one.media_type)) and turns.files:
            print(_line(one.label, ALONE[one.media_type][0], turns))
    print(f"\nA text of one line through the sandbox: {_through_sandbox() * 1000:.1f} ms")
    return 0


def _measure(turns: Turns, media_type: str, raw: bytes, rounds: int) -> None:
    module, _, name = next(one.parser for one in formats.FORMATS if one.media_type == media_type).rpartition(".")
    made: type[Parser] = getattr(importlib.import_module(f"ingestion.parsers.{module}"), name)
    try:
        ALONE[media_type][1](raw)
    except Exception as fault:  # noqa: BLE001  whatever a library raises at a file or where it is missing
        turns.left_out += 1
        print(f"left out of {media_type}: {type(fault).__name__}: {str(fault)[:80]}")
        return
    turns.files += 1
    turns.size += len(raw)
    turns.pages += made().parse(io.BytesIO(raw)).pages or 0
    pairs = [
        (_timed(lambda _: made().parse(io.BytesIO(raw)), raw), _timed(ALONE[media_type][1], raw)) for _ in range(rounds)
    ]
    turns.ours.append(statistics.median(ours for ours, _ in pairs))
    turns.theirs.append(statistics.median(theirs for _, theirs in pairs))


def _timed(read: Read, raw: bytes) -> float:
    """Seconds of one reading, over as many as take long enough."""
    count, begun = 0, time.process_time()
    while (spent := time.process_time() - begun) < LEAST_S:
        read(raw)
        count += 1
    return spent / count


def _line(label: str, library: str, turns: Turns) -> str:
    ours, theirs = sum(turns.ours), sum(turns.theirs)
    size = turns.size / 1e6
    pages = f"{turns.pages / ours:,.0f}" if turns.pages else ""
    files = f"{turns.files} of {turns.files + turns.left_out}"
    return (
        f"| {label} | {files} | {size / ours:.2f} | {pages} | {library} | {size / theirs:.2f} | {theirs / ours:.2f} |"
    )


def _through_sandbox() -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line"
        path.write_text("One line of words.")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assistant.settings")
        sandbox.run(path, formats.TEXT)  # the first one starts a nursery
        begun = time.perf_counter()
        for _ in range(20):
            sandbox.run(path, formats.TEXT)
        return (time.perf_counter() - begun) / 20


if __name__ == "__main__":
    raise SystemExit(main())
