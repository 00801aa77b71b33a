"""The PDF layouts of the demo handbook: plain, ledger, report, two-column, memo.

They differ on purpose, because a parser that reads one layout well can fail on the next: running headers,
columns, ruled and striped tables, serif and sans serif. The standard fonts are used without embedding, so the
text has to fit the Windows code page; anything else is an error, not an empty box.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    HRFlowable,
    NextPageTemplate,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from bench.handbook_source import Block, Run, Source

WIDTH, HEIGHT = A4
GAP = 8 * mm  # between two columns
BAND = 28 * mm  # the coloured head of a datasheet
# Longer tables may break over a page; their head is repeated.
WHOLE_TABLE_ROWS = 9


@dataclass(frozen=True, slots=True)
class Layout:
    """How one kind of PDF looks. `running` puts a header and a footer on each page."""

    regular: str
    bold: str
    size: float
    accent: colors.Color
    two_columns: bool = False
    running: bool = False
    striped: bool = False
    margin: float = 22 * mm


LAYOUTS = {
    "plain": Layout("Times-Roman", "Times-Bold", 10.5, colors.black, margin=25 * mm),
    "ledger": Layout("Helvetica", "Helvetica-Bold", 9.5, colors.HexColor("#0b5563"), striped=True, margin=20 * mm),
    "report": Layout("Helvetica", "Helvetica-Bold", 9.5, colors.HexColor("#5a2a4d"), running=True, margin=24 * mm),
    "two-column": Layout(
        "Helvetica", "Helvetica-Bold", 8.5, colors.HexColor("#a34700"), two_columns=True, margin=14 * mm
    ),
    "memo": Layout("Times-Roman", "Times-Bold", 10.5, colors.HexColor("#7a0c0c"), running=True, margin=26 * mm),
}


def pdf_bytes(source: Source) -> bytes:
    """The document as PDF, the same bytes each time. Raises ValueError for a character the fonts lack."""
    _check_characters(source)
    layout = LAYOUTS[source.meta["layout"]]
    out = io.BytesIO()
    document = BaseDocTemplate(
        out,
        pagesize=A4,
        invariant=1,
        pageCompression=0,
        title=source.meta["title"],
        author=source.meta["owner"],
        subject=source.company,
        lang=source.meta.get("lang", "en"),
    )
    document.addPageTemplates(_templates(source, layout))
    document.build(_story(source, layout))
    return out.getvalue()


def _check_characters(source: Source) -> None:
    texts = [block.text for block in source.blocks]
    texts += [run.text for block in source.blocks for row in block.rows for cell in row for run in cell]
    for text in [*texts, *source.meta.values()]:
        try:
            text.encode("cp1252")
        except UnicodeEncodeError as error:
            message = f"{source.meta['title']}: the PDF fonts lack {text[error.start]!r} in {text!r}"
            raise ValueError(message) from error


def _templates(source: Source, layout: Layout) -> list[PageTemplate]:
    margin = layout.margin
    top = margin + (8 * mm if layout.running else 0)
    if not layout.two_columns:
        frame = Frame(margin, margin, WIDTH - 2 * margin, HEIGHT - margin - top, 0, 0, 0, 0)
        return [PageTemplate("page", [frame], onPage=_running(source, layout))]
    column = _column(layout)
    pages = []
    for name, head, draw in (("first", BAND - 8 * mm, _band), ("page", 0.0, _running)):
        height = HEIGHT - 2 * margin - head
        frames = [Frame(margin + n * (column + GAP), margin, column, height, 0, 0, 0, 0) for n in (0, 1)]
        pages.append(PageTemplate(name, frames, onPage=draw(source, layout)))
    return pages


def _column(layout: Layout) -> float:
    return (WIDTH - 2 * layout.margin - GAP) / 2


def _running(source: Source, layout: Layout) -> Callable[[Canvas, BaseDocTemplate], None]:
    def draw(canvas: Canvas, document: BaseDocTemplate) -> None:
        meta, margin = source.meta, layout.margin
        canvas.saveState()
        canvas.setFont(layout.regular, 8)
        canvas.setFillColor(colors.HexColor("#555555"))
        if layout.running:
            canvas.drawString(margin, HEIGHT - margin + 4 * mm, f"{source.company} · {meta['title']}")
            canvas.drawRightString(WIDTH - margin, HEIGHT - margin + 4 * mm, meta["number"])
            canvas.setStrokeColor(layout.accent)
            canvas.line(margin, HEIGHT - margin + 2 * mm, WIDTH - margin, HEIGHT - margin + 2 * mm)
            canvas.drawString(margin, margin - 9 * mm, source.marking)
        canvas.drawRightString(WIDTH - margin, margin - 9 * mm, f"Page {document.page}")
        canvas.restoreState()

    return draw


def _band(source: Source, layout: Layout) -> Callable[[Canvas, BaseDocTemplate], None]:
    running = _running(source, layout)

    def draw(canvas: Canvas, document: BaseDocTemplate) -> None:
        margin = layout.margin
        canvas.saveState()
        canvas.setFillColor(layout.accent)
        canvas.rect(0, HEIGHT - BAND, WIDTH, BAND, stroke=0, fill=1)
        canvas.setFillColor(colors.white)
        canvas.setFont(layout.bold, 20)
        canvas.drawString(margin, HEIGHT - 14 * mm, source.meta["title"])
        canvas.setFont(layout.regular, 9)
        canvas.drawString(margin, HEIGHT - 21 * mm, source.byline)
        canvas.restoreState()
        running(canvas, document)

    return draw


def _story(source: Source, layout: Layout) -> list[Flowable]:
    styles = _styles(layout)
    story: list[Flowable] = []
    if layout.two_columns:
        story.append(NextPageTemplate("page"))
    else:
        story += [
            Paragraph(escape(source.meta["title"]), styles["title"]),
            Paragraph(escape(source.byline), styles["byline"]),
            HRFlowable(width="100%", thickness=1, color=layout.accent, spaceAfter=8),
        ]
    width = _column(layout) if layout.two_columns else WIDTH - 2 * layout.margin
    for block in source.blocks:
        story += _flowables(block, layout, styles, width)
    return story


def _flowables(block: Block, layout: Layout, styles: dict[str, ParagraphStyle], width: float) -> list[Flowable]:
    if block.kind == "table":
        table = _table(block, layout, styles, width)
        return [table, Spacer(1, layout.size * 0.8)]
    if block.kind == "heading":
        return [Paragraph(_markup(block.runs), styles[f"heading{block.level}"])]
    if block.kind == "paragraph":
        return [Paragraph(_markup(block.runs), styles["body"])]
    mark = "•" if block.kind == "bullet" else f"{block.level}."
    return [Paragraph(_markup(block.runs), styles["item"], bulletText=mark)]


def _styles(layout: Layout) -> dict[str, ParagraphStyle]:
    size = layout.size
    body = ParagraphStyle(
        "body",
        fontName=layout.regular,
        fontSize=size,
        leading=size * 1.38,
        spaceAfter=size * 0.55,
        alignment=TA_LEFT,
    )
    return {
        "body": body,
        "item": ParagraphStyle(
            "item",
            body,
            leftIndent=size * 1.7,
            bulletIndent=size * 0.3,
            spaceAfter=size * 0.3,
            bulletFontName=layout.regular,
            bulletFontSize=size,
        ),
        "cell": ParagraphStyle("cell", body, fontSize=size * 0.92, leading=size * 1.14, spaceAfter=0),
        "head": ParagraphStyle(
            "head",
            body,
            fontName=layout.bold,
            fontSize=size * 0.92,
            leading=size * 1.14,
            spaceAfter=0,
            textColor=colors.white if layout.striped else layout.accent,
        ),
        "title": ParagraphStyle(
            "title",
            body,
            fontName=layout.bold,
            fontSize=size * 2.1,
            leading=size * 2.5,
            textColor=layout.accent,
            spaceAfter=size * 0.5,
        ),
        "byline": ParagraphStyle("byline", body, textColor=colors.HexColor("#555555"), fontSize=size * 0.88),
        "heading1": ParagraphStyle(
            "heading1",
            body,
            keepWithNext=1,
            fontName=layout.bold,
            fontSize=size * 1.32,
            leading=size * 1.65,
            spaceBefore=size,
            spaceAfter=size * 0.4,
            textColor=layout.accent,
        ),
        "heading2": ParagraphStyle("heading2", body, keepWithNext=1, fontName=layout.bold, spaceBefore=size * 0.6),
    }


def _table(block: Block, layout: Layout, styles: dict[str, ParagraphStyle], width: float) -> Table:
    texts = [["".join(run.text for run in cell) for cell in row] for row in block.rows]
    weights = []
    for column in zip(*texts, strict=True):
        longest_word = max(len(word) for cell in column for word in cell.split() or [""])
        weights.append(max(longest_word * 1.5, min(max(map(len, column)), 34), 7))
    widths = [width * weight / sum(weights) for weight in weights]
    cells = [
        [Paragraph(_markup(cell), styles["head" if number == 0 else "cell"]) for cell in row]
        for number, row in enumerate(block.rows)
    ]
    return Table(cells, widths, repeatRows=1, spaceBefore=layout.size * 0.5, style=_rules(layout, len(cells)))


def _rules(layout: Layout, rows: int) -> TableStyle:
    commands: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 2.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ]
    if rows <= WHOLE_TABLE_ROWS:
        commands.append(("NOSPLIT", (0, 0), (-1, -1)))
    if layout.striped:
        commands.append(("BACKGROUND", (0, 0), (-1, 0), layout.accent))
        commands += [("BACKGROUND", (0, n), (-1, n), colors.HexColor("#eef4f5")) for n in range(2, rows, 2)]
    elif layout.two_columns:
        commands += [
            ("LINEBELOW", (0, 0), (-1, 0), 1, layout.accent),
            ("LINEBELOW", (0, 1), (-1, -1), 0.3, colors.HexColor("#bbbbbb")),
        ]
    else:
        commands.append(("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#888888")))
    return TableStyle(commands)


def _markup(runs: list[Run]) -> str:
    parts = []
    for run in runs:
        text = escape(run.text)
        text = f"<b>{text}</b>" if run.bold else text
        parts.append(f"<i>{text}</i>" if run.italic else text)
    return "".join(parts)
