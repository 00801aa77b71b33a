"""Pictures of text, and PDFs of such pictures: as a scanner makes them."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pypdfium2
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from tests.ingestion import papers

Line = tuple[float, float, str]


def picture(lines: Sequence[Line], *, side: int = 1200, turned: int = 0) -> Image.Image:
    """Of an A4 page with text in it; `turned` in degrees to the left."""
    page = pypdfium2.PdfDocument(papers.drawn_pdf([lines]))[0]
    seen: Image.Image = page.render(scale=side / page.get_height()).to_pil().convert("L")
    return seen.rotate(turned, expand=True, fillcolor=255)


def packed(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def scanned_pdf(pages: Sequence[Image.Image | Sequence[Line]]) -> bytes:
    """A picture is a page of its own size that nothing else stands on; lines are text."""
    out = io.BytesIO()
    canvas = Canvas(out)
    for page in pages:
        if isinstance(page, Image.Image):
            width, height = 595.0, 595.0 * page.height / page.width
            canvas.setPageSize((width, height))
            canvas.drawImage(ImageReader(page), 0, 0, width, height)
        else:
            canvas.setPageSize((595, 842))
            for x, y, text in page:
                canvas.drawString(x, y, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()
