"""Pictures by their first bytes, those that are read and those that are not."""

from __future__ import annotations

from ingestion.formats import BMP, GIF, JPEG, PNG, TIFF, WEBP

_BY_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),  # of more than four gigabytes, or made to be able to
    (b"MM\x00+", TIFF),
)
_BMP_HEADERS = frozenset((12, 40, 52, 56, 64, 108, 124))  # bytes; "BM" alone may begin a text


def kind(head: bytes) -> str | None:
    """The media type of a picture that is read, or None."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return BMP
    return next((media_type for magic, media_type in _BY_MAGIC if head.startswith(magic)), None)
