"""PDF: its text page by page, with headings, tables and lists as far as sizes and gaps tell them."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections import Counter
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

import pypdfium2
import pypdfium2.raw as pdfium

from governance.sentence import phrase, sentence
from ingestion.parsers import dates
from ingestion.parsers.base import TOO_MANY_PAGES, Parsed, ParseFailed
from ingestion.parsers.outline import TITLE_MAX, one_line
from ingestion.parsers.pages import carried, fields, letters, paper, ruled, rules, tags
from ingestion.parsers.pages.lines import Line
from ingestion.parsers.pages.paged import Beside, Paged
from ingestion.parsers.pages.sheet import Sheet

# Titles that programs write and no author: the name of the file, or of the program.
_NO_TITLE = re.compile(
    r"(?i)microsoft \w+ - .*|untitled.*|.*\.(?:docx?|odt|pdf|indd|tex|dvi|xlsx?|pptx?|html?)|\(?anonymous\)?"
)
LEVELS, BOOKMARKS_MOST = 6, 5_000
FEW = 80  # letters: what a scanner or an archive stamps on the picture of a page
PICTURE = 0.5  # of the page: one that covers more, with few letters beside it, is the page
GARBLED = 0.3  # of the letters without a meaning: the page is read better from its picture
OBJECTS_MOST = 500  # of a page with few letters: one that draws more has drawn its letters


class Pdf(Paged):
    def parse(self, stream: BinaryIO) -> Parsed:
        content = stream.read()
        document = paper.opened(content)
        total = len(document)
        if total > self.bounds.pages:
            raise ParseFailed(
                "too_large",
                sentence(TOO_MANY_PAGES, total=total, most=self.bounds.pages),
                phrase("Split it into parts."),
            )
        form = _form(document)
        pages, unread, filled = [], [], {}
        for number in range(1, total + 1):
            filled[number] = _fields(document, form, number)
            lines, is_unread = self._page(document, number)
            pages.append(lines)
            unread += [number] if is_unread else []
            self.on_page(number, total)
        warnings = (carried.XFA,) if carried.is_xfa(document) else ()
        found = carried.found(document, content)
        beside = Beside(_title(document), _bookmarks(document), filled, found, warnings, _dated(document))
        return self.told(pages, unread, beside)

    def _page(self, document: pypdfium2.PdfDocument, number: int) -> tuple[list[Line], bool]:
        """A page that cannot be read is empty, and the others are still read."""
        if number in self.recognised:
            return [], False
        try:
            with paper.page(document, number) as page:
                lines = _lines(page)
                return lines, _is_picture(page, lines)
        except pypdfium2.PdfiumError:
            return [], False


def _form(document: pypdfium2.PdfDocument) -> Any:
    """The environment that fields are asked through; None where there is no form, or one that it cannot be made for."""
    if pdfium.FPDF_GetFormType(document.raw) == pdfium.FORMTYPE_NONE:
        return None
    with contextlib.suppress(pypdfium2.PdfiumError):
        document.init_forms()
    return document.formenv.raw if document.formenv else None


def _fields(document: pypdfium2.PdfDocument, form: Any, number: int) -> list[tuple[str, str]]:
    if form is None:
        return []
    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError:
        return []
    try:
        return list(fields.filled(form, page))
    finally:
        page.close()


def _bookmarks(document: pypdfium2.PdfDocument) -> list[tuple[int, str]]:
    """(level, title) from the outermost, 1."""
    try:
        there = islice(document.get_toc(max_depth=LEVELS), BOOKMARKS_MOST)
        return [(mark.level + 1, title) for mark in there if (title := one_line(mark.get_title()))]
    except (pypdfium2.PdfiumError, UnicodeDecodeError):
        return []


def _lines(page: pypdfium2.PdfPage) -> list[Line]:
    sheet = Sheet.of(page)
    drawn = rules.of(page, sheet)
    text = page.get_textpage()
    try:
        return ruled.tables(letters.read(text, sheet, drawn, tags.of(page)), rules.frames(drawn))
    finally:
        text.close()


def _is_picture(page: pypdfium2.PdfPage, lines: list[Line]) -> bool:
    """Whether its text is none, too little beside a picture of the whole page, or signs without a meaning."""
    text = "".join(line.text for line in lines)
    if len(text) > FEW:
        return sum(count for sign, count in Counter(text).items() if _is_senseless(sign)) > GARBLED * len(text)
    count = pdfium.FPDFPage_CountObjects(page.raw)
    if not text:
        return bool(count > 0)
    return bool(count > OBJECTS_MOST) or _pictured(page) >= PICTURE or all(map(_is_senseless, text))


def _is_senseless(sign: str) -> bool:
    return sign == "\ufffd" or unicodedata.category(sign) in {"Co", "Cn", "Cc"}


def _pictured(page: pypdfium2.PdfPage) -> float:
    """How much of the page its pictures cover, the largest counted."""
    sheet = Sheet.of(page)
    largest = 0.0
    for one in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=4):
        left, bottom, right, top = one.get_bounds()
        box = sheet.box(*sheet.point(left, bottom), *sheet.point(right, top))
        largest = max(largest, (box.right - box.left) * (box.bottom - box.top) if box else 0.0)
    return largest


def _dated(document: pypdfium2.PdfDocument) -> datetime | None:
    try:
        told = [document.get_metadata_value(name) for name in ("ModDate", "CreationDate")]
    except (UnicodeDecodeError, pypdfium2.PdfiumError):
        return None
    return next((found for one in told if (found := dates.of_pdf(one))), None)


def _title(document: pypdfium2.PdfDocument) -> str:
    try:
        title = one_line(document.get_metadata_value("Title"))
    except (pypdfium2.PdfiumError, UnicodeDecodeError):
        return ""
    return "" if _NO_TITLE.fullmatch(title) else title[:TITLE_MAX]
