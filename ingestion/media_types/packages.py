"""Files that are ZIP archives within: Office documents and their like, by the members they hold."""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import BinaryIO

from governance.errors import Unsupported
from governance.sentence import sentence
from ingestion.formats import DOCX, EPUB, ODP, ODS, ODT, PPTX, XLSX, ZIP
from ingestion.media_types.refused import BINARY_WORKBOOK, DAMAGED, OFFICE, PAGES, PROGRAM, READABLE

TAIL = 65_557  # a zip file's last record with the longest comment
DIRECTORY_MOST = 8 << 20  # bytes; the list of an archive's members is held in memory
MAGIC = b"PK\x03\x04"
_READ = (
    (re.compile(r"word/document\d*\.xml"), DOCX),
    (re.compile(r"ppt/presentation\d*\.xml"), PPTX),
    (re.compile(r"xl/workbook\d*\.xml"), XLSX),
    (re.compile(r"META-INF/container\.xml"), EPUB),
)
OTHERS = (
    (re.compile(r"xl/workbook\.bin"), BINARY_WORKBOOK),
    (re.compile(r"\[Content_Types\]\.xml"), OFFICE),
    (re.compile(r"Index/Document\.iwa|Index\.zip"), PAGES),
    (re.compile(r"AndroidManifest\.xml|META-INF/MANIFEST\.MF"), PROGRAM),
)
# What an OpenDocument says of itself begins so; it may be a template or a master document of its kind.
_SAID = (
    (b"application/vnd.oasis.opendocument.text", ODT),
    (b"application/vnd.oasis.opendocument.spreadsheet", ODS),
    (b"application/vnd.oasis.opendocument.presentation", ODP),
)
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument."
_SAYS = "mimetype"


def kind(file: BinaryIO) -> str:
    """Raises Unsupported."""
    try:
        _require_small_directory(file)
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            said = _mimetype(archive) if _SAYS in names else b""
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        raise Unsupported(sentence(DAMAGED, readable=READABLE)) from None
    told = next((media_type for beginning, media_type in _SAID if said.startswith(beginning)), None)
    return told or _by_members(names, OFFICE if said.startswith(_OPEN_DOCUMENT) else "")


def _by_members(names: list[str], refusal: str) -> str:
    for pattern, media_type in _READ:
        if any(pattern.fullmatch(name) for name in names):
            return media_type
    for mark, said in OTHERS:
        if any(mark.fullmatch(name) for name in names):
            refusal = refusal or said
    if refusal:
        raise Unsupported(sentence(refusal, readable=READABLE))
    return ZIP


def _mimetype(archive: zipfile.ZipFile) -> bytes:
    try:
        with archive.open(_SAYS) as member:
            return member.read(100).strip()
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):
        return b""


def _require_small_directory(file: BinaryIO) -> None:
    """`zipfile` reads the whole list of members at once, and a million of them make a small file."""
    size = file.seek(0, 2)
    file.seek(max(0, size - TAIL))
    tail = file.read()
    record = tail[tail.rfind(b"PK\x05\x06") :] if b"PK\x05\x06" in tail else b""
    if len(record) < 22 or int.from_bytes(record[12:16], "little") > DIRECTORY_MOST:
        raise zipfile.BadZipFile
