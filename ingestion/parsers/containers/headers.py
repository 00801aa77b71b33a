"""Headers of mails as a reader sees them: what was encoded in them is words again, whatever is wrong with the encoding."""

from __future__ import annotations

import email.header
import email.policy
import email.utils
from collections.abc import Sequence
from datetime import datetime
from email.errors import HeaderParseError
from email.message import Message

from ingestion.parsers import dates
from ingestion.parsers.outline import one_line
from ingestion.parsers.texts.text import decode

SHOWN_MOST = 2_000  # characters of one header: a mail may go to ten thousand people
_KEPT_MOST = 20_000  # bytes of one header that are looked at
SHOWN = ("From", "To", "Cc", "Date", "Subject")


class Capped(email.policy.Compat32):
    """The mail as it is written, no header of it longer than is looked at.

    The library's newer policy understands more, and raises on headers that are wrong; and a header made for it keeps it at
    work for hours.
    """

    def header_source_parse(self, sourcelines: Sequence[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(list(sourcelines))
        return name, value[:_KEPT_MOST]

    def header_fetch_parse(self, name: str, value: str) -> str:
        return _shown(value)


POLICY = Capped()


def said(message: Message, name: str) -> str:
    """Every header of that name, on one line. Empty where there is none."""
    told = ", ".join(words(value) for value in message.get_all(name, []))
    return told if len(told) <= SHOWN_MOST else f"{told[:SHOWN_MOST]} …"


def words(value: object) -> str:
    raw = one_line(str(value))
    if "=?" not in raw:
        return raw
    try:
        pieces = email.header.decode_header(raw[:_KEPT_MOST])
    except (HeaderParseError, ValueError):
        return raw
    return one_line("".join(_piece(piece, charset) for piece, charset in pieces))


def day(message: Message) -> str:
    """As year, month and day where the mail was written; empty where it does not say it so that it can be understood."""
    sent = _sent(message)
    return sent.strftime("%Y-%m-%d") if sent else ""


def dated(message: Message) -> datetime | None:
    sent = _sent(message)
    return dates.of_iso(sent.isoformat()) if sent else None


def _sent(message: Message) -> datetime | None:
    try:
        return email.utils.parsedate_to_datetime(str(message.get("Date", "")))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _piece(piece: bytes | str, charset: str | None) -> str:
    return piece if isinstance(piece, str) else decode(piece, charset or "")


def _shown(value: str) -> str:
    """Bytes that are not ASCII come from the library as halves of signs: they are text in some encoding."""
    return value if value.isascii() else decode(value.encode("utf-8", "surrogateescape"))
