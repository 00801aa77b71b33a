"""Mailboxes (MBOX): its own text is the list of its mails; each of them is a document by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from ingestion.parsers.base import Parsed, ParseFailed, Parser, Part, Skipped
from ingestion.parsers.containers import headers, mail
from ingestion.parsers.outline import Outline

LISTED_MOST = 5_000
_NAMED_MOST = 120
_HEAD = 65_536  # bytes of a mail in which its headers are looked for
# Only after an empty line, and only where headers follow: a sentence may begin with "From ", too.
_FROM = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\n]*\n(?=[!-9;-~]+:)")
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)


class Mailbox(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        mails = split(stream.read())
        if len(mails) == 1:
            return mail.read(mails[0], self.bounds)
        outline = Outline(self.bounds.characters)
        outline.block("\n".join(f"- {_told(one)}" for one in mails[:LISTED_MOST]))
        sections = outline.filled()
        return Parsed("", sections, parts=_parts(mails))


def split(raw: bytes) -> list[bytes]:
    """The mails, without the lines that part them; what was escaped for their sake is as it was."""
    starts = [(found.start(), found.end()) for found in _FROM.finditer(raw)]
    ends = [start for start, _ in starts[1:]] + [len(raw)]
    mails = [raw[begin:end].rstrip(b"\r\n") + b"\n" for (_, begin), end in zip(starts, ends, strict=True)]
    return [_ESCAPED.sub(rb"\1", one) for one in mails if one.strip()]


def _parts(mails: list[bytes]) -> Iterator[Part | Skipped]:
    for one in mails:
        yield Part(f"{_said(one, with_sender=False)}.eml", one)


def _told(raw: bytes) -> str:
    return _said(raw, with_sender=True)


def _said(raw: bytes, *, with_sender: bool) -> str:
    """By its day and its subject: so a mail keeps its name where others come before it."""
    head = raw[:_HEAD]
    end = re.search(rb"\r?\n\r?\n", head)
    try:
        message = mail.understood(head[: end.end()] if end else head)
    except ParseFailed:
        return ""
    said = [
        headers.day(message),
        *([headers.said(message, "From")] if with_sender else []),
        headers.said(message, "Subject"),
    ]
    return " ".join(filter(None, said))[:_NAMED_MOST].replace("/", "-").replace("\\", "-")
