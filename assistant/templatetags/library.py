"""What the library's pages say of work that is under way: how much longer, and how far."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ingestion.documents import standing
from ingestion.models import Document, Version

register = template.Library()

MINUTE, HOUR = 60, 3600


@register.filter
def left(seconds: float | None) -> str:
    """Roughly: nobody counts the seconds of an estimate."""
    if seconds is None:
        return ""
    if seconds < MINUTE:
        return _("less than a minute left")
    minutes = round(seconds / MINUTE)
    if minutes < 2 * MINUTE:
        return ngettext("about %(number)s minute left", "about %(number)s minutes left", minutes) % {"number": minutes}
    hours = round(seconds / HOUR)
    return ngettext("about %(number)s hour left", "about %(number)s hours left", hours) % {"number": hours}


@register.filter
def at_work(version: Version) -> standing.Standing | None:
    """Of one that a worker is at work on; of the others None."""
    return standing.at_work(version)


@register.filter
def are_read(documents: Iterable[Document]) -> bool:
    """Whether all of them are at their end, whichever that is."""
    return all(row.latest is not None and row.latest.is_final for row in documents)


@register.filter
def tenth(batch: standing.Batch) -> int:
    """In whole tenths, as percent: what a screen reader is told changes no more often."""
    return 10 * (10 * batch.done // batch.total) if batch.total else 100
