"""What is filled in about a support case, by operators and by admins alike."""

from __future__ import annotations

import uuid

from django.http import HttpRequest
from django.utils.translation import gettext as _

from governance.errors import InvalidInput
from governance.roles import SupportLevel
from governance.support import Draft


def levels() -> list[tuple[int, str, str]]:
    """Each with its name and what it opens."""
    return [
        (
            SupportLevel.SETTINGS,
            level_name(SupportLevel.SETTINGS),
            _("Settings, and numbers of what waits and what failed"),
        ),
        (
            SupportLevel.DOCUMENTS,
            level_name(SupportLevel.DOCUMENTS),
            _("In named collections: names of documents and how their reading went, without what they say"),
        ),
        (SupportLevel.READING, level_name(SupportLevel.READING), _("In named collections: what documents say, too")),
    ]


def level_name(level: int) -> str:
    names = {
        SupportLevel.SETTINGS: _("Settings and health"),
        SupportLevel.DOCUMENTS: _("Documents without their words"),
        SupportLevel.READING: _("Reading documents"),
    }
    return names[SupportLevel(level)]


def draft(request: HttpRequest) -> Draft:
    """Raises InvalidInput."""
    return Draft(
        ticket=request.POST.get("ticket", ""),
        reason=request.POST.get("reason", ""),
        level=level(request),
        hours=hours(request),
        collections=collections(request),
    )


def level(request: HttpRequest) -> SupportLevel:
    """Raises InvalidInput."""
    text = request.POST.get("level", "")
    if text not in {str(int(one)) for one in SupportLevel}:
        raise InvalidInput(_("Choose how much is opened."))
    return SupportLevel(int(text))


def hours(request: HttpRequest) -> int:
    """Raises InvalidInput."""
    text = request.POST.get("hours", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise InvalidInput(_("Say for how many hours, in digits."))
    return int(text)


def collections(request: HttpRequest) -> frozenset[uuid.UUID]:
    """Raises InvalidInput."""
    try:
        return frozenset(uuid.UUID(one) for one in request.POST.getlist("collections"))
    except ValueError:
        raise InvalidInput(_("That is not a collection.")) from None
