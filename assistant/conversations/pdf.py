"""A conversation drawn as a PDF. Nothing leaves the machine, and nothing is fetched for it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from itertools import groupby
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

from assistant.conversations import exporting, marking, quoting
from assistant.conversations.exporting import Paper, Turn
from assistant.conversations.marking import Line, Piece, Signs

INK, SOFT, ACCENT, TINT = (HexColor(one) for one in ("#17201f", "#55625f", "#0b6b5f", "#e0f0ed"))
MARGIN = 20 * mm
DEJAVU = Path("/usr/share/fonts/truetype/dejavu")
# The first folder that has the faces. DejaVu writes Latin, Greek and Cyrillic; what comes with the library, Latin alone.
FACES = (
    (DEJAVU, ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique")),
    (None, ("Vera", "VeraBd", "VeraIt")),
)
_STRONG = re.compile(r"\*\*(?=\S)((?:(?!\*\*).)+)(?<=\S)\*\*")
_STAR = "&#42;"  # one that makes nothing bold
# Blanks that a paragraph would make one of, or none.
_INDENTED, _BLANKS = re.compile(r"^[ \t]+"), re.compile(r"^ +| {2,}")


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
    parts += _said(turn.pieces, styles)
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


def _said(pieces: Iterable[Piece], styles: dict[str, ParagraphStyle]) -> list[Flowable]:
    parts: list[Flowable] = []
    for is_code, found in groupby(marking.lines(pieces), lambda one: one.role != "words"):
        shown = _trimmed([one for one in found if one.role != "fence"])
        draw, style = (_code, "code") if is_code else (_words, "said")
        if shown:
            parts.append(Paragraph("<br/>".join(map(draw, shown)), styles[style]))
    return parts


def _trimmed(lines: Sequence[Line]) -> Sequence[Line]:
    """Without empty lines around them."""
    written = [number for number, line in enumerate(lines) if str(line).strip()]
    return lines[written[0] : written[-1] + 1] if written else []


def _code(line: Line) -> str:
    return escape(_kept(_BLANKS, str(line).expandtabs(4)))


def _words(line: Line) -> str:
    first, *others = line.parts
    made = _sentence(_kept(_INDENTED, first.words)) + _signs(first.signs)
    return made + "".join(_sentence(part.words) + _signs(part.signs) for part in others)


def _sentence(words: str) -> str:
    made, done = "", 0
    for span in marking.SPAN.finditer(words):
        code = escape(span.group(2)).replace("*", _STAR)
        made += f'{_plain(words[done : span.start()])}<font face="{_mono()}">{code}</font>'
        done = span.end()
    return _STRONG.sub(r"<b>\1</b>", made + _plain(words[done:]))


def _plain(words: str) -> str:
    return marking.STAR.sub(_STAR, escape(words))


def _signs(signs: Signs) -> str:
    return "".join(
        f" {sign}" if sign == quoting.DOUBT else f'<font color="#0b6b5f"><super size="7"> {sign}</super></font>'
        for sign in signs
    )


def _kept(blanks: re.Pattern[str], words: str) -> str:
    return blanks.sub(lambda found: "\N{NO-BREAK SPACE}" * len(found.group().expandtabs(4)), words)


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


@cache
def _mono() -> str:
    """The face of code; that of all the rest where there is none of even width."""
    path = DEJAVU / "DejaVuSansMono.ttf"
    if not path.is_file():
        return _family()
    name = path.stem
    pdfmetrics.registerFont(TTFont(name, str(path)))
    pdfmetrics.registerFontFamily(name, normal=name, bold=name, italic=name, boldItalic=name)
    return name


def _styles(family: str) -> dict[str, ParagraphStyle]:
    plain = ParagraphStyle("said", fontName=family, fontSize=10, leading=15, textColor=INK, alignment=TA_LEFT)
    made = {
        "said": plain,
        "title": ParagraphStyle("title", plain, fontSize=16, leading=21, spaceAfter=2 * mm),
        "soft": ParagraphStyle("soft", plain, fontSize=8, leading=11, textColor=SOFT, spaceBefore=1.5 * mm),
        "source": ParagraphStyle("source", plain, fontSize=9, leading=12, textColor=ACCENT, leftIndent=4 * mm),
    }
    made["code"] = ParagraphStyle(
        "code",
        plain,
        fontName=_mono(),
        fontSize=8.5,
        leading=12,
        backColor=TINT,
        borderPadding=4,
        spaceBefore=3 * mm,
        spaceAfter=3 * mm,
    )
    made["asked"] = ParagraphStyle("asked", plain, backColor=TINT, borderPadding=6, spaceAfter=4 * mm, keepWithNext=1)
    return made
