"""A QR code as the path of an inline drawing: no style attribute, which the content security policy would refuse."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Drawing:
    """`size` in modules, quiet zone included; `path` fills the dark ones."""

    size: int
    path: str


def drawn(text: str) -> Drawing:
    import qrcode  # type: ignore[import-untyped]  # brings Pillow along, which a web process has no other use for

    code = qrcode.QRCode(border=4)
    code.add_data(text)
    code.make()
    rows = code.get_matrix()
    dark = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark]
    return Drawing(len(rows), "".join(dark))
