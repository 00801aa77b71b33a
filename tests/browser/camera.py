"""Pictures for the documentation: kept where CHANCERY_PICTURES names a folder, and only looked at elsewhere."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "CHANCERY_PICTURES"
BYTES_MOST = 150_000
COLOURS = (128, 64, 32)  # a page of text has few; the most of these that fits is taken
SCALE = 1.5


def take(page: Any, name: str, *, height: int | None = None) -> None:
    """What the window shows, or its upper `height` pixels. The pointer is taken away, so that it is over nothing."""
    page.mouse.move(0, 0)
    page.evaluate("document.fonts.ready.then(() => true)")
    part = {"x": 0, "y": 0, "width": page.viewport_size["width"], "height": height} if height else None
    small = _small(page.screenshot(animations="disabled", caret="hide", clip=part))
    assert len(small) <= BYTES_MOST, f"{name} has {len(small):,} bytes: show less of the page"
    if os.environ.get(FOLDER):
        folder = ROOT / os.environ[FOLDER]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.png").write_bytes(small)


def _small(png: bytes) -> bytes:
    whole = Image.open(io.BytesIO(png)).convert("RGB")
    found = b""
    for colours in COLOURS:
        out = io.BytesIO()
        whole.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        found = out.getvalue()
        if len(found) <= BYTES_MOST:
            break
    return found
