"""A conversation drawn as a PDF. Nothing leaves the machine, and nothing is fetched for it."""

from __future__ import annotations

import io
import re
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer

from assistant.conversations import exporting, quoting
from assistant.conversations.exporting import Paper, Piece, Turn

INK, SOFT, ACCENT, TINT = (HexColor(one) for one in ("#17201f", "#55625f", "#0b6b5f", "#e0f0ed"))
MARGIN = 20 * mm
# The first folder that has the faces. DejaVu writes Latin, Greek and Cyrillic; what comes with the library, Latin alone.
FACES = (
    (Path("/usr/share/fonts/truetype/dejavu"), ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique")),
    (None, ("Vera", "VeraBd", "VeraIt")),
)
_STRONG = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*", re.DOTALL)


def drawn(paper: Paper) -> bytes:
    family = _family()
    styles = _styles(family)
    story: list[Flowable] = [
        Paragraph(escape(paper.title), styles["title"]),
        Paragraph(escape(paper.subtitle), styles["soft"]),
        Spacer(1, 6 * mm),
    ]
    for turn in paper.turns:
        story += _turn(turn, styles)
    if paper.has_doubts:
        story.append(Paragraph(escape(exporting.doubt()), styles["soft"]))
    held = io.BytesIO()
    made = SimpleDocTemplate(
        held,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=paper.title,
        author=paper.organisation,
        creator="Chancery",
    )

    def foot(canvas: Any, page: Any) -> None:
        canvas.saveState()
        canvas.setFont(family, 8)
        canvas.setFillColor(SOFT)
        canvas.drawRightString(A4[0] - MARGIN, 12 * mm, str(page.page))
        canvas.drawString(MARGIN, 12 * mm, f"Chancery · {paper.subtitle}")
        canvas.restoreState()

    made.build(story, onFirstPage=foot, onLaterPages=foot)
    return held.getvalue()


def _turn(turn: Turn, styles: dict[str, ParagraphStyle]) -> list[Flowable]:
    parts: list[Flowable] = [Paragraph(_broken(escape(turn.question)), styles["asked"])]
    if turn.pieces:
        parts.append(Paragraph("".join(map(_sentence, turn.pieces)).strip(), styles["said"]))
    if turn.end:
        parts.append(Paragraph(escape(turn.end), styles["soft"]))
    if turn.label:
        parts.append(Paragraph(f"<b>{escape(exporting.labelled(turn))}</b>", styles["soft"]))
    for one in turn.sources:
        name = f"[{one.marker}] {escape(quoting.named(one))}"
        link = f'<a href="{escape(turn.links[one.marker])}" color="#0b6b5f">{name}</a>'
        parts.append(Paragraph(link, styles["source"]))
    asked = date_format(localtime(turn.asked_at), "DATETIME_FORMAT")
    parts.append(Paragraph(f"{escape(asked)} · {escape(_('Number on the record'))}: {turn.number}", styles["soft"]))
    return [*parts, Spacer(1, 6 * mm)]


def _sentence(piece: Piece) -> str:
    words = piece.text.rstrip()
    text = _STRONG.sub(r"<b>\1</b>", escape(words)).replace("`", "")
    markers = "".join(f'<font color="#0b6b5f"><super size="7"> [{marker}]</super></font>' for marker in piece.markers)
    sign = f" {quoting.DOUBT}" if piece.is_doubted and words else ""
    return _broken(f"{text}{markers}{sign}{piece.text[len(words) :]}")


def _broken(text: str) -> str:
    return text.replace("\n", "<br/>")


@cache
def _family() -> str:
    for folder, names in FACES:
        paths = [f"{name}.ttf" if folder is None else str(folder / f"{name}.ttf") for name in names]
        if folder is None or all(Path(path).is_file() for path in paths):
            for name, path in zip(names, paths, strict=True):
                pdfmetrics.registerFont(TTFont(name, path))
            plain, bold, slanted = names
            pdfmetrics.registerFontFamily(plain, normal=plain, bold=bold, italic=slanted, boldItalic=bold)
            return plain
    raise LookupError("the library's own faces are always there")


def _styles(family: str) -> dict[str, ParagraphStyle]:
    plain = ParagraphStyle("said", fontName=family, fontSize=10, leading=15, textColor=INK, alignment=TA_LEFT)
    made = {
        "said": plain,
        "title": ParagraphStyle("title", plain, fontSize=16, leading=21, spaceAfter=2 * mm),
        "soft": ParagraphStyle("soft", plain, fontSize=8, leading=11, textColor=SOFT, spaceBefore=1.5 * mm),
        "source": ParagraphStyle("source", plain, fontSize=9, leading=12, textColor=ACCENT, leftIndent=4 * mm),
    }
    made["asked"] = ParagraphStyle("asked", plain, backColor=TINT, borderPadding=6, spaceAfter=4 * mm, keepWithNext=1)
    return made
