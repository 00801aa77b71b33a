"""PDF: its text page by page, with headings, tables and lists as far as sizes and gaps tell them."""

from __future__ import annotations

import re
from typing import BinaryIO

import pypdfium2
import pypdfium2.raw as pdfium

from governance.sentence import phrase, sentence
from ingestion.parsers import layout, letters
from ingestion.parsers.base import SCANNED_PAGES, TOO_MANY_PAGES, Parsed, ParseFailed, Parser
from ingestion.parsers.letters import Line
from ingestion.parsers.outline import TITLE_MAX, Outline, one_line

# Titles that programs write and no author: the name of the file, or of the program.
_NO_TITLE = re.compile(
    r"(?i)microsoft \w+ - .*|untitled.*|.*\.(?:docx?|odt|pdf|indd|tex|dvi|xlsx?|pptx?|html?)|\(?anonymous\)?"
)


class Pdf(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        document = _opened(stream.read())
        total = len(document)
        if total > self.bounds.pages:
            raise ParseFailed(
                "too_large",
                sentence(TOO_MANY_PAGES, total=total, most=self.bounds.pages),
                phrase("Split it into parts."),
            )
        pages = []
        for number in range(total):
            pages.append(_lines(document, number))
            self.on_page(number + 1, total)
        pages = layout.without_running(pages)
        body = layout.body(pages)
        outline = Outline(self.bounds.characters)
        for number, lines in enumerate(pages, 1):
            outline.page(number)
            layout.write(outline, lines, body)
        sections = outline.sections()
        if not sections:
            raise _scanned()
        return Parsed(_title(document) or layout.largest(pages[0], body)[:TITLE_MAX], sections, total, _warnings(pages))


def _opened(content: bytes) -> pypdfium2.PdfDocument:
    try:
        document = pypdfium2.PdfDocument(content)
        if len(document):
            return document
    except pypdfium2.PdfiumError as fault:
        if fault.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise ParseFailed(
                "encrypted",
                "The PDF is protected by a password.",
                phrase("Save it without the password and upload it again."),
            ) from None
    raise ParseFailed(
        "broken", "The PDF is damaged and cannot be read.", phrase("Print it to a new PDF and upload that.")
    )


def _lines(document: pypdfium2.PdfDocument, number: int) -> list[Line]:
    """A page that cannot be read is empty, and the others are still read."""
    try:
        page = document[number]
        # What was filled into a form stands in annotations until it is pressed into the page.
        if (
            pdfium.FPDFPage_GetAnnotCount(page.raw)
            and pdfium.FPDFPage_Flatten(page.raw, pdfium.FLAT_NORMALDISPLAY) == 1
        ):
            page.close()
            page = document[number]
        text = page.get_textpage()
    except pypdfium2.PdfiumError:
        return []
    try:
        return letters.read(text)
    finally:
        text.close()
        page.close()


def _title(document: pypdfium2.PdfDocument) -> str:
    try:
        title = one_line(document.get_metadata_value("Title"))
    except (pypdfium2.PdfiumError, UnicodeDecodeError):
        return ""
    return "" if _NO_TITLE.fullmatch(title) else title[:TITLE_MAX]


def _warnings(pages: list[list[Line]]) -> tuple[str, ...]:
    bare = [number for number, lines in enumerate(pages, 1) if not lines]
    if not bare:
        return ()
    some = ", ".join(map(str, bare[:10])) + (" …" if len(bare) > 10 else "")
    return (sentence(SCANNED_PAGES, bare=len(bare), total=len(pages), some=some),)


def _scanned() -> ParseFailed:
    return ParseFailed(
        "empty",
        "No page of this PDF holds text: it seems to be a scan, and text recognition is not available.",
        phrase("Run text recognition on it, then upload the result."),
    )
