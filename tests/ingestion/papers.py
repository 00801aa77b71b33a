"""Documents made on the spot: what a test needs to be in them, and nothing else."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import docx
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Table

from ingestion.parsers.base import Parsed

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def pdf(*story: Flowable | str | Sequence[Sequence[str]], title: str = "", foot: str = "") -> bytes:
    """Flowables, paragraphs as text, headings as text after "# ", tables as rows; "---" turns the page."""
    styles, out = getSampleStyleSheet(), io.BytesIO()

    def flowable(part: Flowable | str | Sequence[Sequence[str]]) -> Flowable:
        if part == "---":
            return PageBreak()
        if isinstance(part, str):
            is_heading = part.startswith("# ")
            return Paragraph(part.removeprefix("# "), styles["Heading1" if is_heading else "BodyText"])
        return part if isinstance(part, Flowable) else Table([list(row) for row in part])

    def running(canvas: Canvas, document: SimpleDocTemplate) -> None:
        canvas.drawString(72, 30, foot.format(page=document.page))

    template = SimpleDocTemplate(out, title=title or None)
    template.build([flowable(part) for part in story], onFirstPage=running, onLaterPages=running)
    return out.getvalue()


def drawn_pdf(pages: Sequence[Sequence[tuple[float, float, str]]], password: str = "") -> bytes:
    """Text at given places, in points from the lower left."""
    out = io.BytesIO()
    canvas = Canvas(out, encrypt=password or None)
    for page in pages:
        for x, y, text in page:
            canvas.drawString(x, y, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def word(*parts: tuple[str, str] | Sequence[Sequence[str]]) -> bytes:
    """(style, text) for a paragraph; rows for a table."""
    document = docx.Document()
    for part in parts:
        if isinstance(part[0], str):
            document.add_paragraph(str(part[1]), style=part[0])
            continue
        rows = [list(row) for row in part]
        made = document.add_table(len(rows), max(map(len, rows)))
        for row, cells in zip(rows, made.rows, strict=True):
            for text, cell in zip(row, cells.cells, strict=True):
                cell.text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def package(body: str, before: str = "", **parts: str) -> bytes:
    """A DOCX from the XML of its body, and of other parts below word/; `before` stands before the root."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f"{before}<w:document {W}><w:body>{body}</w:body></w:document>")
        for name, xml in parts.items():
            archive.writestr(f"word/{name}.xml", xml)
    return out.getvalue()


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def told(parsed: Parsed) -> list[tuple[tuple[str, ...], str]]:
    return [(section.heading_path, section.text) for section in parsed.sections]
