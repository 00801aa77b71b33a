"""The record, for the compliance officer. Reading it is recorded by what reads it."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from assistant.views import signed_in
from assistant.views.conversations import parsed_id
from governance import people
from governance.audit import reading
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput
from governance.scope import Scope

FILTERS = ("action", "person", "interaction", "resource", "since", "until")
A_PAGE = 100


@require_GET
@signed_in.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    chosen = {name: request.GET[name].strip() for name in FILTERS if request.GET.get(name, "").strip()}
    found = reading.listed(scope, **_parsed(chosen), cursor=request.GET.get("cursor", ""), limit=A_PAGE)
    staff = people.listed(scope)
    names: dict[uuid.UUID | None, str] = {person.pk: str(person) for person in staff}
    context = {
        "room": "record",
        "chosen": chosen,
        "events": [(event, names.get(event.actor, "")) for event in found.events],
        "people": staff,
        "event_names": list(Event),
        "next_query": _query(request, found.next),
    }
    return render(request, "record/page.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def event(request: HttpRequest, scope: Scope, event: uuid.UUID) -> HttpResponse:
    """A GET shows what is known of it, a POST opens its words for a reason."""
    context: dict[str, Any] = {"room": "record"}
    if request.method == "POST":
        opened = reading.opened(scope, event, request.POST.get("reason", "").strip())
        recorded = opened.recorded
        context |= {"is_open": True, "is_erased": opened.is_erased, "words": _shown(opened.payload or {})}
    else:
        recorded = reading.one(scope, event)
    context |= {"event": recorded, "facts": _shown(_masked(recorded))}
    return render(request, "record/event.html", context)


def _parsed(chosen: dict[str, str]) -> dict[str, Any]:
    kinds = {"person": parsed_id, "interaction": parsed_id, "resource": parsed_id, "since": _day, "until": _end_of_day}
    return {name: kinds.get(name, str)(value) for name, value in chosen.items()}


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise InvalidInput(_("A date is written like 2026-03-31.")) from None


def _end_of_day(text: str) -> datetime:
    return _day(text) + timedelta(days=1)


def _query(request: HttpRequest, cursor: str | None) -> str:
    if not cursor:
        return ""
    kept = request.GET.copy()
    kept["cursor"] = cursor
    return kept.urlencode()


def _masked(recorded: reading.Recorded) -> dict[str, Any]:
    names = ("id", "at", "recorded_at", "actor", "roles", "interaction", "resource")
    return {name: getattr(recorded, name) for name in names} | recorded.facts


def _shown(values: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, one if isinstance(one, str) else _written(one)) for name, one in values.items()]


def _written(value: Any) -> str:
    if value is None or isinstance(value, uuid.UUID | datetime | bool | int | float):
        return "" if value is None else str(value)
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)
