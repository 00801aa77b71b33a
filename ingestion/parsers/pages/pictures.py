"""Pictures of any common format as pixels a reader would see: bounded before they are decoded, upright, on white.

A TIFF has as many pages as it has pictures; of an animation only the first picture is a page.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import cast

from PIL import Image, ImageOps

from governance.sentence import phrase, sentence
from ingestion.parsers.base import TOO_MANY_PAGES, ParseFailed

PIXELS_MOST = 100_000_000  # a sheet of A3 at 600 dots an inch has 70 million
FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP")
_TOO_LARGE = phrase("The picture has %(width)s × %(height)s pixels; more than it takes to read any page.")
_DAMAGED = phrase("The picture is damaged and cannot be read.")
_AGAIN = phrase("Save it anew, or as a PDF, and upload that.")
# The size is looked at here, for each page and before it is decoded: the library's own warning comes too late for that.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class Album:
    picture: Image.Image
    pages: int

    def page(self, number: int, side: int) -> Image.Image:
        """Page `number`, from 1, in colours on white, upright and at most `side` pixels long. Raises ParseFailed."""
        try:
            with warnings.catch_warnings(action="ignore"):
                self.picture.seek(number - 1)
                _require_bounded(self.picture)
                self.picture.draft("RGB", (side, side))
                whole = ImageOps.exif_transpose(self.picture)
                return _on_white(whole, side)
        except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError):
            raise _damaged() from None


def opened(content: bytes, most: int) -> Album:
    """Raises ParseFailed; `most` are the pages that are read."""
    try:
        with warnings.catch_warnings(action="ignore"):
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
            _require_bounded(picture)
            pages = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError):
        raise _damaged() from None
    if pages > most:
        raise ParseFailed("too_large", sentence(TOO_MANY_PAGES, total=pages, most=most), phrase("Split it into parts."))
    return Album(picture, pages)


def _require_bounded(picture: Image.Image) -> None:
    width, height = picture.size
    if width * height > PIXELS_MOST:
        raise ParseFailed(
            "too_large", sentence(_TOO_LARGE, width=width, height=height), phrase("Save it smaller and upload that.")
        )


def _on_white(picture: Image.Image, side: int) -> Image.Image:
    if picture.mode.startswith("I;16") or picture.mode in {"I", "F"}:
        picture = _in_256_shades(picture)
    is_clear = picture.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in picture.info
    picture = picture.convert("RGBA" if is_clear else "L" if picture.mode in {"1", "L"} else "RGB")
    picture.thumbnail((side, side), Image.Resampling.BOX if picture.mode == "L" else Image.Resampling.LANCZOS)
    if is_clear:
        paper = Image.new("RGBA", picture.size, "white")
        paper.alpha_composite(picture)
        picture = paper
    return picture.convert("RGB")


def _in_256_shades(picture: Image.Image) -> Image.Image:
    """Deep greys: from the darkest to the lightest, whatever the figures are that they stand for."""
    deep = picture.convert("F")
    low, high = cast("tuple[float, float]", deep.getextrema())
    scale = 255 / (high - low) if high > low else 0.0
    return deep.point(lambda shade: shade * scale - low * scale).convert("L")


def _damaged() -> ParseFailed:
    return ParseFailed("broken", _DAMAGED, _AGAIN)
