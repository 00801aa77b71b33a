"""What a file is, by its content and not by its name; and a name that can be shown."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from pathlib import Path

from governance.errors import Unsupported

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HTML = "text/html"
MARKDOWN = "text/markdown"
TEXT = "text/plain"

READABLE = "Chancery reads PDF, DOCX, HTML, Markdown and plain text."
HEAD = 65_536
NAME_MAX = 200
MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
HTML_START = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
# What no text holds: control characters but tab, line breaks, form feed and escape.
CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def detect(path: Path, name: str) -> str:
    """The media type. Raises Unsupported with a sentence that says what can be read."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if b"%PDF-" in head[:1024]:
        return PDF
    if head.startswith(b"PK\x03\x04"):
        return _of_zip(path)
    if HTML_START.match(head.removeprefix(MARKS[0])):
        return HTML
    if not _is_text(head):
        raise Unsupported(f"This kind of file cannot be read. {READABLE}")
    ending = Path(name).suffix.lower()
    if ending in {".md", ".markdown"}:
        return MARKDOWN
    return HTML if ending in {".html", ".htm", ".xhtml"} and b"<" in head else TEXT


def clean_name(name: str) -> str:
    """Without folders, control characters and overrides of the writing direction, NFC, at most 200 characters."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(char for char in last if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    shown = " ".join(shown.split()).strip(". ") if set(shown) <= {".", " "} else " ".join(shown.split())
    if not shown:
        return "document"
    if len(shown) <= NAME_MAX:
        return shown
    ending = Path(shown).suffix[:20]
    return shown[: NAME_MAX - len(ending)] + ending


def _of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        raise Unsupported(f"This archive is broken. {READABLE}") from None
    if "word/document.xml" in names:
        return DOCX
    raise Unsupported(f"Archives and other office files cannot be read. {READABLE}")


def _is_text(head: bytes) -> bool:
    if head.startswith(MARKS[1:]):
        return True  # UTF-16 by its mark
    return not CONTROLS.search(head)
