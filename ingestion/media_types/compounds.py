"""Compound files, as the Office programs wrote them until 2003: which program's, by the streams they hold."""

from __future__ import annotations

import mmap
from typing import BinaryIO

from governance.errors import Unsupported
from governance.sentence import sentence
from ingestion.formats import DOC, PPT, XLS
from ingestion.media_types.refused import LOCKED, NO_OFFICE, READABLE
from ingestion.parsers.base import ParseFailed
from ingestion.parsers.legacy.compound import MAGIC, Compound

__all__ = ["MAGIC", "kind"]
_KINDS = (("WordDocument", DOC), ("Workbook", XLS), ("Book", XLS), ("PowerPoint Document", PPT))
_LOCKED = "EncryptedPackage"  # a newer document in a compound file, which is how a password is put on it


def kind(file: BinaryIO) -> str:
    """Raises Unsupported."""
    try:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
            names = Compound(raw).names
    except (ParseFailed, ValueError, OSError):
        names = {}
    if _LOCKED in names:
        raise Unsupported(sentence(LOCKED, readable=READABLE))
    for name, media_type in _KINDS:
        if name in names:
            return media_type
    raise Unsupported(sentence(NO_OFFICE, readable=READABLE))
