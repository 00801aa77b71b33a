"""A page as a picture, for a reader: drawn at a size that a screen shows, in a process that may do nothing else."""

from __future__ import annotations

import io

import pypdfium2
from PIL import Image

from governance.sentence import phrase
from ingestion import formats
from ingestion.parsers.base import BOUNDS, ParseFailed
from ingestion.parsers.pages import paper, pictures

SIDE = 1800  # pixels of the longer side
QUALITY = 82
MEDIA_TYPE = "image/webp"


def draw(content: bytes, media_type: str, number: int) -> bytes:
    """Page `number`, from 1, in MEDIA_TYPE. Raises ParseFailed."""
    if media_type == formats.PDF:
        picture = _drawn(content, number)
    else:
        album = pictures.opened(content, BOUNDS.pages)
        if not 1 <= number <= album.pages:
            raise no_page()
        picture = album.page(number, SIDE)
    return _packed(picture)


def no_page() -> ParseFailed:
    return ParseFailed("no_page", "There is no such page.", phrase("Open the document's first page."))


def _drawn(content: bytes, number: int) -> Image.Image:
    document = paper.opened(content)
    if not 1 <= number <= len(document):
        raise no_page()
    try:
        with paper.page(document, number) as page:
            return paper.drawn(page, SIDE)
    except pypdfium2.PdfiumError:
        raise ParseFailed("broken", "This page cannot be drawn.", phrase("Download the file to see it.")) from None


def _packed(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=QUALITY, method=2)
    return out.getvalue()
