"""The list of conversations beside every page of the room: pinned first, then by day, or what was looked for."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from assistant import models
from assistant.conversations import threads
from assistant.views.parsing import parsed_id
from governance.errors import InvalidInput
from governance.scope import Scope

WORDS_LONGEST = 200


@dataclass(frozen=True)
class Group:
    """`name` is empty where the list before it had the same."""

    name: str
    conversations: list[models.Conversation]


def context(request: HttpRequest, scope: Scope, current: uuid.UUID | None = None) -> dict[str, Any]:
    """What `conversations/list.html` shows of the request's `q` and `before`."""
    words = request.GET.get("q", "").strip()[:WORDS_LONGEST]
    shared = {"words": words, "current": current, "deleted": _deleted(request, scope)}
    if words:
        return shared | {"matches": threads.search(scope, words)}
    before = _moment(request.GET.get("before_time", ""))
    listed = threads.listed(scope, before)
    groups = [Group(_("Pinned"), listed.pinned)] if listed.pinned else []
    groups += _by_day(listed.others, before)
    return shared | {"groups": groups, "older": listed.before}


def _by_day(rows: Iterable[models.Conversation], before: datetime | None) -> list[Group]:
    today = timezone.localtime().date()
    above = _day_name(before, today) if before else ""
    named = [(name, list(each)) for name, each in groupby(rows, lambda row: _day_name(row.updated_at, today))]
    return [Group("" if name == above else name, each) for name, each in named]


def _day_name(moment: datetime, today: Any) -> str:
    day = timezone.localtime(moment).date()
    if day >= today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    return _("The last 7 days") if day > today - timedelta(days=7) else _("Older")


def _deleted(request: HttpRequest, scope: Scope) -> models.Conversation | None:
    """What the request before this one deleted, for whoever wants it back."""
    asked = request.GET.get("deleted", "")
    if not asked:
        return None
    found = threads.deleted(scope, parsed_id(asked))
    return found if found.deleted_at else None


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or timezone.is_naive(found) or not 1 < found.year < 9999:  # at the ends of time UTC overflows
        raise InvalidInput(_("That is not a time from which the list could go on."))
    return found
