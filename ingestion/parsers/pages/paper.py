"""A PDF and its pages, opened for whoever reads them or draws them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from governance.sentence import phrase
from ingestion.parsers.base import ParseFailed


def opened(content: bytes) -> pypdfium2.PdfDocument:
    """Raises ParseFailed. A PDF that opens without a password is opened, whatever it forbids to print or to copy."""
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


@contextmanager
def page(document: pypdfium2.PdfDocument, number: int) -> Iterator[pypdfium2.PdfPage]:
    """Page `number`, from 1, with what was filled into its forms pressed into it. Raises PdfiumError."""
    found = document[number - 1]
    try:
        # What was filled in stands in annotations, and neither its text nor its picture is the page's own.
        if (
            pdfium.FPDFPage_GetAnnotCount(found.raw)
            and pdfium.FPDFPage_Flatten(found.raw, pdfium.FLAT_NORMALDISPLAY) == 1
        ):
            found.close()
            found = document[number - 1]
        yield found
    finally:
        found.close()


def drawn(found: pypdfium2.PdfPage, side: int) -> Image.Image:
    """As it is seen, its longer side `side` pixels. Raises PdfiumError."""
    width, height = found.get_size()
    scale = (side - 0.5) / max(width, height, 1.0)  # the library rounds up
    picture: Image.Image = found.render(scale=scale, may_draw_forms=False).to_pil()
    return picture.convert("RGB")
