"""Typeset the demo handbook: Markdown sources into the PDF and DOCX files that are committed beside them.

    python bench/build_handbook.py            writes every file
    python bench/build_handbook.py --check    says which files differ from their source, exits 1 if any

The same source gives the same PDF bytes and the same DOCX members: no clock, no random ids, and PDF streams
stay uncompressed so that the result does not hang on a version of zlib.
"""

from __future__ import annotations

import argparse
import io
import sys
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docx
from docx.document import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph

if __package__ in {None, ""}:  # run as a script: the root of the project is not on the path yet
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import handbook_pdf, handbook_source
from bench.handbook_source import Block, Run, Source

HANDBOOK = Path(__file__).resolve().parent.parent / "assistant" / "demo" / "handbook"
SOURCES = HANDBOOK / "source"
# Zip has no earlier year than 1980; a fixed stamp keeps two builds equal.
STAMP = (2025, 6, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Target:
    """One file to build: where its Markdown stands and where the result goes."""

    source: Path
    path: Path


def targets() -> list[Target]:
    """Everything to build, in the order of paths. The format is said by the head of the source."""
    found = []
    for source in sorted(SOURCES.rglob("*.md")):
        ending = handbook_source.read(source).meta["format"]
        found.append(Target(source, HANDBOOK / source.relative_to(SOURCES).with_suffix("." + ending)))
    return found


# --- DOCX ---------------------------------------------------------------------------------------------------

FONTS = {"formal": ("Cambria", "Calibri"), "modern": ("Calibri", "Calibri Light")}
COLOURS = {"formal": RGBColor(0x1F, 0x3A, 0x5F), "modern": RGBColor(0x0B, 0x6E, 0x69)}


def docx_bytes(source: Source) -> bytes:
    """A Word document with real heading, list and table styles."""
    document = docx.Document()
    _style(document, source.meta["layout"])
    _front(document, source)
    numbering = _Numbering(document)
    for block in source.blocks:
        if block.kind == "table":
            _table(document, block, source.meta["layout"])
        elif block.kind == "heading":
            document.add_heading(block.text, level=block.level)
        elif block.kind == "number":
            _write(document.add_paragraph(style="List Number"), block.runs)
            numbering.attach(document.paragraphs[-1], restart=block.level == 1)
        else:
            style = "List Bullet" if block.kind == "bullet" else "Normal"
            _write(document.add_paragraph(style=style), block.runs)
    _stamp(document, source)
    raw = io.BytesIO()
    document.save(raw)
    return _repacked(raw.getvalue())


def _style(document: Document, layout: str) -> None:
    body, display = FONTS[layout]
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    section.top_margin = section.bottom_margin = Cm(2.2)
    for name, font, size in (
        ("Normal", body, 10.5),
        ("Title", display, 22),
        ("Heading 1", display, 14),
        ("Heading 2", display, 12),
    ):
        style = document.styles[name]
        style.font.name, style.font.size = font, Pt(size)
        if name != "Normal":
            fonts = style.element.rPr.rFonts
            for slot in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
                fonts.attrib.pop(qn(slot), None)  # the theme's font would win over the one named above
            style.font.color.rgb = COLOURS[layout]


def _front(document: Document, source: Source) -> None:
    meta = source.meta
    document.add_paragraph(meta["title"], style="Title")
    line = document.add_paragraph()
    line.add_run(source.byline).italic = True
    section = document.sections[0]
    section.header.paragraphs[0].text = f"{source.company} \t\t {meta['number']}"
    section.footer.paragraphs[0].text = source.marking


def _table(document: Document, block: Block, layout: str) -> None:
    table = document.add_table(len(block.rows), len(block.rows[0]))
    table.style = "Light Grid Accent 1" if layout == "formal" else "Light List Accent 5"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    for cells, row in zip(table.rows, block.rows, strict=True):
        for cell, runs in zip(cells.cells, row, strict=True):
            _write(cell.paragraphs[0], runs)
            for run in cell.paragraphs[0].runs:
                run.font.size = Pt(9)
    document.add_paragraph().paragraph_format.space_after = Pt(2)


def _write(paragraph: Paragraph, runs: list[Run]) -> None:
    for run in runs:
        written = paragraph.add_run(run.text)
        written.bold, written.italic = run.bold or None, run.italic or None


class _Numbering:
    """Lets each numbered list start at 1: Word counts on unless a list has a `num` of its own."""

    def __init__(self, document: Document) -> None:
        self._numbering = document.part.numbering_part.element
        style = document.styles["List Number"].element
        number = style.pPr.numPr.numId.val
        self._abstract = self._numbering.num_having_numId(number).abstractNumId.val
        self._current = number

    def attach(self, paragraph: Paragraph, *, restart: bool) -> None:
        if restart:
            num = self._numbering.add_num(self._abstract)
            num.add_lvlOverride(ilvl=0).add_startOverride(1)
            self._current = num.numId
        holder: Any = paragraph._p.get_or_add_pPr()
        properties = holder.get_or_add_numPr()
        properties.get_or_add_numId().val = self._current
        properties.get_or_add_ilvl().val = 0


def _stamp(document: Document, source: Source) -> None:
    about = document.core_properties
    about.title, about.author, about.comments = source.meta["title"], source.meta["owner"], ""
    about.language = source.meta.get("lang", "en")
    about.created = about.modified = datetime(*STAMP, tzinfo=UTC)


def _repacked(raw: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, STAMP), old.read(name), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


# --- The command --------------------------------------------------------------------------------------------


def build(target: Target) -> bytes:
    """The bytes of one file."""
    source = handbook_source.read(target.source)
    return handbook_pdf.pdf_bytes(source) if target.path.suffix == ".pdf" else docx_bytes(source)


def content(raw: bytes) -> dict[str, bytes]:
    """What must be equal between two builds: the members of a DOCX, or the one stream of a PDF."""
    if not raw.startswith(b"PK"):
        return {"": raw}
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the PDF and DOCX files of the demo handbook.")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    check = parser.parse_args().check
    stale = 0
    for target in targets():
        built = build(target)
        same = target.path.exists() and content(target.path.read_bytes()) == content(built)
        if not same and not check:
            target.path.write_bytes(built)
        stale += not same
        state = "same" if same else "differs" if check else "written"
        print(f"{state:8} {len(built) // 1024:4} kB  {target.path.relative_to(HANDBOOK)}")
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.exit(main())
