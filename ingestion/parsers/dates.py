"""When a document was changed last, as it says of itself: what formats write, as a moment.

It is a stranger's word. What cannot be the date of a text is none: where a clock or ZIP begins to count, and what is to come.
Without a zone it is taken for UTC: it is days that count.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

EARLIEST = datetime(1980, 1, 2, tzinfo=UTC)
_FILETIME_BEGAN = datetime(1601, 1, 1, tzinfo=UTC)
# ISO 32000-1, 7.9.4: D:YYYYMMDDHHmmSS and what may follow; all but the year may be missing.
_PDF = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?")


def of_iso(text: str | None) -> datetime | None:
    """Of Office, OpenDocument and what our own parsers hand on."""
    try:
        return _aware(datetime.fromisoformat((text or "").strip()))
    except (ValueError, OverflowError):
        return None


def of_pdf(text: str) -> datetime | None:
    found = _PDF.match(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(one) if one else None for one in found.groups())
    try:
        return datetime(year or 0, month or 1, day or 1, hour or 0, minute or 0, second or 0, tzinfo=UTC)
    except ValueError:
        return None


def of_filetime(ticks: int) -> datetime | None:
    """Tenths of a microsecond since 1601, as Windows counts."""
    try:
        return _FILETIME_BEGAN + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None


def believed(told: datetime | None, came: datetime) -> datetime | None:
    """None for what cannot be so; `came` is when the document did."""
    return told if told is not None and EARLIEST < told < came + timedelta(days=1) else None


def _aware(told: datetime) -> datetime:
    return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
