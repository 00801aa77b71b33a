"""Files of text: which kind it is by what they say, and by their name where they say nothing."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from ingestion.formats import CSV, HTML, MAIL, MAILBOX, MARKDOWN, TEXT, TSV
from ingestion.media_types import marked, tabular

_HTML = re.compile(
    rb"\A(?>\s*)(?:<\?xml(?>[^>]*>)\s*+)?(?:<!--(?>.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_MAILBOX = re.compile(rb"From [^\n]{3,200}\n[!-9;-~]+:")
_HEADERS = re.compile(rb"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+")
_HEADER = re.compile(rb"^([!-9;-~]+):", re.MULTILINE)
_BY_PEOPLE = frozenset((b"from", b"to", b"subject", b"date", b"content-type", b"mime-version", b"received"))
_BY_PROGRAMS = frozenset(
    (b"message-id", b"mime-version", b"received", b"return-path", b"delivered-to", b"content-type", b"dkim-signature",
     b"x-mailer", b"content-transfer-encoding", b"references", b"in-reply-to")
)  # fmt: skip
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
# What text seldom holds: control characters but tab, line breaks, form feed and escape.
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_WIDE = re.compile(rb"(?:[\t\n\r -~]\x00){8}|(?:\x00[\t\n\r -~]){8}")
_STRAY = 0.01  # of its bytes: logs and old printouts hold a few
_STRAY_UTF8 = 0.1  # the same where all else is UTF-8, which binary files are not


def is_wide(head: bytes) -> bool:
    """Whether it is UTF-16 without its mark: begins with Latin letters, a NUL with each."""
    return bool(_WIDE.match(head))


def kind(head: bytes, ending: str) -> str:
    # UTF-16 is read for its letters alone: what tells kinds of text apart is ASCII.
    letters = (
        head.removeprefix(codecs.BOM_UTF8).removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\x00", b"")
    )
    return next((media_type for media_type, fits in _KINDS if fits(letters, ending)), TEXT)


def _is_html(letters: bytes, ending: str) -> bool:
    return bool(_HTML.match(letters)) or (ending in {".html", ".htm", ".xhtml"} and b"<" in letters)


def _is_mailbox(letters: bytes, ending: str) -> bool:
    return bool(_MAILBOX.match(letters))


def _is_mail(letters: bytes, ending: str) -> bool:
    """Headers that programs write; a letter that begins with "From:" and "To:" is none, unless it is called so."""
    head = _HEADERS.match(letters)
    names = {name.lower() for name in _HEADER.findall(head.group())} if head else set()
    return len(names & _BY_PROGRAMS) >= 2 or (ending in {".eml", ".mht", ".mhtml"} and bool(names & _BY_PEOPLE))


def _is_markdown(letters: bytes, ending: str) -> bool:
    return ending in {".md", ".markdown"}


def _is_tabbed(letters: bytes, ending: str) -> bool:
    return _is_table(letters, ending) and tabular.delimiter(letters.decode("latin-1")) == "\t"


def _is_table(letters: bytes, ending: str) -> bool:
    """By its rows; where its name says that it is a table, it may look less like one."""
    text = letters.decode("latin-1")
    return tabular.agrees(text, ending) if ending in tabular.ENDINGS else tabular.is_table(text)


# The first that fits decides.
_KINDS: tuple[tuple[str, Callable[[bytes, str], bool]], ...] = (
    (HTML, _is_html),
    (MAILBOX, _is_mailbox),
    (MAIL, _is_mail),
    *marked.SAY_SO,
    (MARKDOWN, _is_markdown),
    (TSV, _is_tabbed),
    (CSV, _is_table),
)


def is_text(head: bytes) -> bool:
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
