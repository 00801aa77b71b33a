"""DOCX: headings, paragraphs, lists and tables in the order in which they stand."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any, BinaryIO

import docx
from docx.table import Table
from docx.text.paragraph import Paragraph

from ingestion.parsers.base import Parsed, ParseFailed, Parser
from ingestion.parsers.outline import Outline, table
from ingestion.parsers.text import EMPTY

UNPACKED_MOST = 200 << 20
HEADING = re.compile(r"(?:heading|überschrift) (\d)", re.IGNORECASE)


class Docx(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        raw = stream.read()
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > UNPACKED_MOST:
                raise ParseFailed("too_large", "The document unpacks to more than is read.", "Remove its pictures.")
        document = docx.Document(io.BytesIO(raw))
        outline, title, items = Outline(), "", []
        for block in document.iter_inner_content():
            if isinstance(block, Paragraph) and _is_item(block):
                items.append(f"- {block.text.strip()}")
                continue
            outline.block("\n".join(items))
            items = []
            if isinstance(block, Table):
                outline.block(table(_rows(block)))
            elif _style(block).lower() in {"title", "titel"}:
                title = title or block.text.strip()
            else:
                _paragraph(outline, block)
        outline.block("\n".join(items))
        outline.close()
        if not outline.sections:
            raise EMPTY
        stored = (document.core_properties.title or "").strip()
        return Parsed(
            title or stored or outline.first_heading or outline.sections[0].text[:100], tuple(outline.sections)
        )


def _paragraph(outline: Outline, block: Paragraph) -> None:
    heading = HEADING.match(_style(block))
    if heading and block.text.strip():
        outline.heading(int(heading[1]), block.text)
    else:
        outline.block(block.text)


def _style(block: Paragraph) -> str:
    return (block.style.name if block.style is not None else "") or ""


def _is_item(block: Paragraph) -> bool:
    properties: Any = block._p.pPr
    numbered = properties is not None and properties.numPr is not None
    return bool(block.text.strip()) and (numbered or _style(block).lower().startswith("list"))


def _rows(block: Table) -> list[list[str]]:
    """A cell that spans several columns is told once."""
    rows = []
    for row in block.rows:
        cells: list[Any] = []
        for cell in row.cells:
            if not cells or cell._tc is not cells[-1]._tc:
                cells.append(cell)
        rows.append([cell.text for cell in cells])
    return rows
