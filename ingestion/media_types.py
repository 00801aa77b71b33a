"""What a file is, by its content and not by its name; and a name that can be shown."""

from __future__ import annotations

import codecs
import re
import unicodedata
import zipfile
from pathlib import Path
from typing import BinaryIO

from governance.errors import Unsupported
from governance.sentence import phrase, sentence

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HTML = "text/html"
MARKDOWN = "text/markdown"
TEXT = "text/plain"

READABLE = phrase("Chancery reads PDF, DOCX, HTML, Markdown and plain text.")
HEAD = 65_536
TAIL = 65_557  # a zip file's last record with the longest comment
DIRECTORY_MOST = 8 << 20  # bytes; the list of an archive's members is held in memory
NAME_MAX = 200
ENDING_MAX = 20

_PDF = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*%PDF-\d")
# Some mail gateways and printers put bytes of their own before it; a text about PDF has no object after it.
_LATE_PDF = re.compile(rb"\A[\x00-\xff]{1,1024}?%PDF-\d\.\d[\x00-\xff]{1,1024}?\d \d+ obj\b")
_HTML = re.compile(
    rb"\A(?>\s*)(?:<\?xml(?>[^>]*>)\s*+)?(?:<!--(?>.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
# What text seldom holds: control characters but tab, line breaks, form feed and escape.
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_WIDE = re.compile(rb"(?:[\t\n\r -~]\x00){8}|(?:\x00[\t\n\r -~]){8}")
_STRAY = 0.01  # of its bytes: logs and old printouts hold a few
_STRAY_UTF8 = 0.1  # the same where all else is UTF-8, which binary files are not
_WORD = re.compile(r"word/document\d*\.xml")
_OTHERS = (
    (b"\xd0\xcf\x11\xe0", phrase("This is an old Office file, or one that is protected by a password. %(readable)s")),
    (b"{\\rtf", phrase("RTF cannot be read; save it as DOCX. %(readable)s")),
    (b"\x89PNG", phrase("Pictures cannot be read. %(readable)s")),
    (b"\xff\xd8\xff", phrase("Pictures cannot be read. %(readable)s")),
    (b"GIF8", phrase("Pictures cannot be read. %(readable)s")),
    (b"%!PS", phrase("PostScript cannot be read; save it as PDF. %(readable)s")),
)
_UNKNOWN = phrase("This kind of file cannot be read. %(readable)s")
_DAMAGED = phrase("This archive is damaged. %(readable)s")
_ARCHIVE = phrase("Archives, spreadsheets and presentations cannot be read. %(readable)s")
REFUSALS = (_UNKNOWN, _DAMAGED, _ARCHIVE, *(said for _, said in _OTHERS))


def detect(path: Path, name: str) -> str:
    """The media type. `name` only tells Markdown and HTML from text. Raises Unsupported and says what can be read."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        if head.startswith(b"PK\x03\x04"):
            return _of_zip(file)
    for magic, said in _OTHERS:
        if head.startswith(magic):
            raise Unsupported(sentence(said, readable=READABLE))
    if _PDF.match(head) or _LATE_PDF.match(head):
        return PDF
    if not _is_text(head):
        raise Unsupported(sentence(_UNKNOWN, readable=READABLE))
    return _of_text(head, Path(name).suffix.lower())


def is_wide(head: bytes) -> bool:
    """Whether it is UTF-16 without its mark: begins with Latin letters, a NUL with each."""
    return bool(_WIDE.match(head))


def clean_name(name: str) -> str:
    """Without folders, control characters and marks of the writing direction, NFC, at most 200 characters."""
    last = re.split(r"[/\\]", name)[-1]
    seen = "".join(sign for sign in last if sign.isspace() or unicodedata.category(sign)[0] != "C")
    shown = " ".join(unicodedata.normalize("NFC", seen).split())
    if not shown.strip(". "):
        return "document"
    if len(shown) <= NAME_MAX:
        return shown
    ending = Path(shown).suffix
    ending = ending if len(ending) <= ENDING_MAX else ""
    return shown[: NAME_MAX - len(ending)].rstrip() + ending


def _of_text(head: bytes, ending: str) -> str:
    # UTF-16 is read for its letters alone: what tells HTML is ASCII.
    letters = (
        head.removeprefix(codecs.BOM_UTF8).removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\x00", b"")
    )
    if _HTML.match(letters) or (ending in {".html", ".htm", ".xhtml"} and b"<" in letters):
        return HTML
    return MARKDOWN if ending in {".md", ".markdown"} else TEXT


def _of_zip(file: BinaryIO) -> str:
    try:
        _require_small_directory(file)
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        raise Unsupported(sentence(_DAMAGED, readable=READABLE)) from None
    if any(_WORD.fullmatch(name) for name in names):
        return DOCX
    raise Unsupported(sentence(_ARCHIVE, readable=READABLE))


def _require_small_directory(file: BinaryIO) -> None:
    """`zipfile` reads the whole list of members at once, and a million of them make a small file."""
    size = file.seek(0, 2)
    file.seek(max(0, size - TAIL))
    tail = file.read()
    record = tail[tail.rfind(b"PK\x05\x06") :] if b"PK\x05\x06" in tail else b""
    if len(record) < 22 or int.from_bytes(record[12:16], "little") > DIRECTORY_MOST:
        raise zipfile.BadZipFile


def _is_text(head: bytes) -> bool:
    if head.startswith(_MARKS):
        return True
    controls = len(_CONTROLS.findall(head.replace(b"\x00", b"") if is_wide(head) else head))
    return controls <= (_STRAY_UTF8 if _is_utf8(head) else _STRAY) * len(head)


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # the last sign may be cut off
    except UnicodeDecodeError:
        return False
    return True
