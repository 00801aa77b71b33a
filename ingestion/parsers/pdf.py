"""PDF: its text page by page, without the lines that every page repeats."""

from __future__ import annotations

import re
from collections import Counter
from typing import BinaryIO

import pypdfium2
from pypdfium2 import raw

from ingestion.parsers import child
from ingestion.parsers.base import Locator, Parsed, ParseFailed, Parser, Section

ENCRYPTED = ParseFailed(
    "encrypted", "The PDF is protected by a password.", "Save it without the password and upload it again."
)
SCANNED = ParseFailed(
    "empty", "There is no text in this PDF; it seems to be a scan.", "Run text recognition on it, then upload it again."
)
BROKEN = ParseFailed("broken", "The PDF is damaged and cannot be read.", "Print it to a new PDF and upload that.")


class Pdf(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        document = _open(stream.read())
        pages = []
        for number in range(len(document)):
            pages.append(_text(document, number))
            child.progress(number + 1, len(document))
        repeated = _repeated(pages)
        sections = []
        for number, text in enumerate(pages, 1):
            cleaned = _paragraphs([line for line in text.split("\n") if _shape(line) not in repeated])
            if cleaned:
                sections.append(Section((), cleaned, Locator(page=number, start=0, end=len(cleaned))))
        if not sections:
            raise SCANNED
        title = (document.get_metadata_dict().get("Title") or "").strip()
        return Parsed(title or sections[0].text.split("\n")[0][:200], tuple(sections), len(document))


def _open(content: bytes) -> pypdfium2.PdfDocument:
    try:
        document = pypdfium2.PdfDocument(content)
        len(document)
    except pypdfium2.PdfiumError as fault:
        raise (ENCRYPTED if fault.err_code == raw.FPDF_ERR_PASSWORD else BROKEN) from None
    return document


def _text(document: pypdfium2.PdfDocument, number: int) -> str:
    """One page's text; a page that cannot be loaded is empty, and the others are still read."""
    try:
        page = document[number]
        text = page.get_textpage().get_text_range()
    except pypdfium2.PdfiumError:
        return ""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufffe", "-\n").replace("\x00", "")


def _shape(line: str) -> str:
    return re.sub(r"\d+", "#", line.strip())


def _repeated(pages: list[str]) -> set[str]:
    """Running heads and feet: among the first or last two lines of most pages, but for their numbers."""
    if len(pages) < 3:
        return set()
    counted: Counter[str] = Counter()
    for text in pages:
        lines = [line for line in text.split("\n") if line.strip()]
        counted.update({_shape(line) for line in lines[:2] + lines[-2:]})
    return {shape for shape, count in counted.items() if shape and count > 0.6 * len(pages)}


def _paragraphs(lines: list[str]) -> str:
    """Lines joined to paragraphs: a hyphen at a line's end is taken out, a short line or a full stop ends one."""
    longest = max((len(line) for line in lines), default=0)
    text = ""
    for line in (line.rstrip() for line in lines):
        if re.search(r"[a-zäöüß]-$", text) and re.match(r"[a-zäöüß]", line):
            text = text[:-1] + line
        elif text and not text.endswith("\n"):
            text += ("\n" if _ends(text, longest) or not line else " ") + line
        else:
            text += line
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _ends(text: str, longest: int) -> bool:
    last = text.rpartition("\n")[2]
    return len(last) < 0.6 * longest or (last.endswith((".", ":", "!", "?")) and len(last) < 0.85 * longest)
