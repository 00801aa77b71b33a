"""Mails: who wrote what to whom, when and about what; the text of it; and what is attached, as documents of their own.

What was quoted keeps its marks. Of a text that stands in a mail twice, plain and as HTML, the plain one is read.
"""

from __future__ import annotations

import email
import email.generator
import io
import re
from collections.abc import Iterator
from email.message import Message
from typing import BinaryIO

from governance.sentence import phrase
from ingestion.parsers.base import Bounds, Parsed, ParseFailed, Parser, Part, Skipped
from ingestion.parsers.containers import headers
from ingestion.parsers.outline import TITLE_MAX, Outline
from ingestion.parsers.texts import html
from ingestion.parsers.texts.text import decode

SIGNATURE = phrase("It is a signature of the mail.")
ENCRYPTED = phrase("It is encrypted.")
ELSEWHERE = phrase("It is not in the mail, which only says where it was.")
SMALL_PICTURE = phrase("It is a small picture within the text.")
_SMALL = 8_192  # bytes: logos, smileys and lines, not what somebody photographed
_NAMED_MOST = 200
_SIGNATURES = frozenset(("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"))
_SEALED = frozenset(("application/pgp-encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"))
_TEXTS = frozenset(("text/plain", "text/html", "text/enriched", "text/rfc822-headers"))
_AWAY = frozenset(("message/external-body", "message/partial"))
_ENDINGS = {"text/calendar": ".ics", "text/vcard": ".vcf", "text/html": ".html", "application/ms-tnef": ".dat"}
_QUOTED = re.compile(r"[ \t]*>")
# "-----Original Message-----", "----- Weitergeleitete Nachricht -----": from here on somebody else speaks.
_FORWARDED = re.compile(r"[ \t]*-{3,} ?\w[\w ,.'’:]{3,60}[\w.:] ?-{3,}[ \t]*$")
_SIGNED = re.compile(r"--[ ]?$")


class Mail(Parser):
    def parse(self, stream: BinaryIO) -> Parsed:
        return read(stream.read(), self.bounds)


def read(raw: bytes, bounds: Bounds) -> Parsed:
    """Raises ParseFailed."""
    message = understood(raw)
    reading = _Reading(message, Outline(bounds.characters))
    sections = reading.outline.filled()
    title, dated = headers.said(message, "Subject")[:TITLE_MAX], headers.dated(message)
    return Parsed(title, sections, parts=reading.attached(), dated=dated)


def understood(raw: bytes) -> Message:
    """Raises ParseFailed where mails stand in mails without an end."""
    try:
        return email.message_from_bytes(raw, policy=headers.POLICY)
    except RecursionError:
        raise ParseFailed(
            "too_large", "The mail is nested too deeply to be read.", phrase("Save what is attached by itself.")
        ) from None


class _Reading:
    def __init__(self, message: Message, outline: Outline) -> None:
        self.outline = outline
        self._texts: list[Message] = []
        self._attached: list[Message] = []
        _sort(message, self._texts, self._attached)
        self._read(message)

    def attached(self) -> Iterator[Part | Skipped]:
        for at, one in enumerate(self._attached, 1):
            name = _name(one, at)
            why = _hindrance(one)
            yield Skipped(name, why) if why else Part(name, _content(one))

    def _read(self, message: Message) -> None:
        self.outline.heading(1, headers.said(message, "Subject"))
        told = [f"{name}: {said}" for name in headers.SHOWN if (said := headers.said(message, name))]
        names = [_name(one, at) for at, one in enumerate(self._attached[:_NAMED_MOST], 1)]
        told += [f"Attached: {', '.join(names)}"] if names else []
        self.outline.block("\n".join(told))
        for one in self._texts:
            if one.get_content_type() == "text/html":
                html.read(self.outline, _text(one))
            else:
                _read_plain(self.outline, _text(one))


def _sort(message: Message, texts: list[Message], attached: list[Message]) -> None:
    """What is read as the mail's own text, and what stands beside it; in the order of the mail. Not recursive."""
    waiting = [message]
    while waiting:
        one = waiting.pop()
        kind = one.get_content_type()
        if kind == "message/delivery-status" or not one.is_multipart():
            (texts if _is_text(one) else attached).append(one)
        elif kind.startswith("message/") and one is not message:
            attached.append(one)
        elif kind == "multipart/alternative":
            waiting.extend(reversed(_chosen(_children(one))))
        else:
            waiting.extend(reversed(_children(one)))


def _children(one: Message) -> list[Message]:
    payload = one.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _chosen(alternatives: list[Message]) -> list[Message]:
    """One of the texts, the plain one where it says anything; and what is no text, such as an invitation."""
    plain = [one for one in alternatives if one.get_content_type() == "text/plain" and _text(one).strip()]
    rich = [one for one in alternatives if one.get_content_type() == "text/html" or one.is_multipart()]
    others = [
        one
        for one in alternatives
        if one not in rich and not one.get_content_type().startswith(("text/plain", "text/enriched"))
    ]
    beside = [child for one in rich if plain for child in _beside(one)]
    return [*(plain[-1:] or rich[-1:] or alternatives[:1]), *beside, *others]


def _beside(rich: Message) -> list[Message]:
    """The pictures and files of the HTML that is not read."""
    return [one for one in rich.walk() if not one.is_multipart() and not _is_text(one)] if rich.is_multipart() else []


def _is_text(one: Message) -> bool:
    kind = one.get_content_type()
    if kind == "message/delivery-status":
        return True
    is_apart = one.get_content_disposition() == "attachment" or bool(one.get_filename())
    # What says that it has parts and has none is a mail that was damaged on its way.
    return (kind in _TEXTS and not is_apart) or kind.startswith("multipart/")


def _text(one: Message) -> str:
    payload = one.get_payload()
    if isinstance(payload, list):  # a report of delivery is kept as headers of headers
        return "\n\n".join(str(each) for each in payload)
    return decode(_content(one), str(one.get_content_charset("") or ""))


def _content(one: Message) -> bytes:
    payload = one.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload
    out = io.BytesIO()
    for inner in _children(one):
        email.generator.BytesGenerator(out, mangle_from_=False, maxheaderlen=0, policy=headers.POLICY).flatten(inner)
    return out.getvalue()


def _hindrance(one: Message) -> str:
    kind = one.get_content_type()
    if kind in _SIGNATURES:
        return SIGNATURE
    if kind in _SEALED:
        return ENCRYPTED
    if kind in _AWAY:
        return ELSEWHERE
    is_inline = kind.startswith("image/") and one.get_content_disposition() != "attachment"
    return SMALL_PICTURE if is_inline and len(_content(one)) < _SMALL else ""


def _name(one: Message, at: int) -> str:
    given = headers.words(one.get_filename("") or "")
    if given.strip(" ./\\"):
        return given
    kind = one.get_content_type()
    if kind == "message/rfc822":
        subject = next((headers.said(inner, "Subject") for inner in _children(one)), "")
        return f"{subject[:_NAMED_MOST].replace('/', '-').replace(chr(92), '-') or at}.eml"
    family, _, rest = kind.partition("/")
    return f"{at}{_ENDINGS.get(kind) or ('.txt' if family == 'text' else '.' + rest.rpartition('-')[2])}"


def _read_plain(outline: Outline, text: str) -> None:
    """Paragraphs; what is quoted, what is signed and what was forwarded each by itself, with the marks that say so."""
    held: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        turns = bool(held) and bool(_QUOTED.match(line)) != bool(_QUOTED.match(held[-1]))
        if turns or not line.strip() or _SIGNED.match(line):
            _end(outline, held)
        if _FORWARDED.match(line):
            _end(outline, held)
            outline.heading(2, line.strip(" \t-"))
        elif line.strip():
            held.append(line.rstrip())
    _end(outline, held)


def _end(outline: Outline, held: list[str]) -> None:
    outline.block("\n".join(held))
    held.clear()
