"""Search for words: a form that asks for a reason, and a page that goes on by itself until all was looked into."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from assistant.views import confirming, signed_in
from assistant.views.record import form, lines
from assistant.views.record.filters import Chosen
from assistant.views.record.lines import Line
from governance import access
from governance.actions import Action
from governance.audit import reading, words
from governance.audit.vocabulary import Event
from governance.audit.words import Match
from governance.errors import InvalidInput
from governance.scope import Scope

TEXTS = {Event.PROMPT_RECEIVED: noop("the question"), Event.SEGMENT_DELIVERED: noop("a part of the answer")}
# Filters that the form does not show in fields of their own, but as they stand in the address.
FURTHER = ("concerned", "since", "until", "clock", "mentions", "interaction", "action")
PLACES = {
    "text": noop("the text"),
    "written": noop("what the model wrote, before policy"),
    "citations": noop("the quoted passages"),
    "receipt": noop("the names of what was searched"),
    "notice": noop("what the person was told"),
    "turns": noop("the turns that a client brought"),
    "instruction": noop("the instruction of a client"),
    "reason": noop("the reason that was given"),
    "name": noop("a name"),
}


@dataclass(frozen=True)
class Hit:
    """`places` are (where, how often, the marks in percent of its length)."""

    line: Line
    places: list[tuple[str, int, list[float]]]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
@confirming.required
def begin(request: HttpRequest, scope: Scope) -> HttpResponse:
    """A GET shows the form, with the filters of the address; a POST searches."""
    access.require(scope, Action.RECORD_OPEN)
    chosen = Chosen.of(request.POST if request.method == "POST" else request.GET)
    if request.method != "POST":
        return _form(request, scope, chosen)
    given = {"words": request.POST.get("words", ""), "reason": request.POST.get("reason", "")}
    if chosen.who:
        found = form.people_called(scope, chosen.who)
        if len(found) != 1:
            called = ", ".join(person.email for person in found)
            fault = f"{form.fault_of(chosen.who, found)} {called}".strip()
            return _form(request, scope, chosen, 400, fault=fault, who=chosen.who, **given)
        chosen = chosen.about(found[0].pk)
    try:
        search = words.begin(scope, given["words"], given["reason"], **chosen.filters())
    except InvalidInput as fault:
        return _form(request, scope, chosen, fault.status, said=fault.message, **given)
    return redirect("record-search-found", search)


@never_cache
@require_GET
@signed_in.required
def found(request: HttpRequest, scope: Scope, search: uuid.UUID) -> HttpResponse:
    return render(request, "record/search_found.html", _part(request, scope, search))


@never_cache
@require_GET
@signed_in.required
def more(request: HttpRequest, scope: Scope, search: uuid.UUID) -> HttpResponse:
    """The next part, which takes the place of the page's end and brings its own."""
    return render(request, "record/search_part.html", _part(request, scope, search))


def _part(request: HttpRequest, scope: Scope, search: uuid.UUID) -> dict[str, Any]:
    part = words.part(scope, search, request.GET.get("cursor", ""))
    told = lines.of(scope, [match.recorded for match in part.matches])
    hits = [Hit(line, _places(match)) for line, match in zip(told, part.matches, strict=True)]
    begun = words.get(scope, search)
    return {"room": "record", "part": "search", "search": begun, "found": part, "hits": hits}


def _places(match: Match) -> list[tuple[str, int, list[float]]]:
    text = TEXTS.get(Event(match.recorded.action))
    names = PLACES | ({"text": text} if text else {})
    return [
        (_(names.get(place.name, place.name)), place.times, [round(100 * at, 2) for at in place.at])
        for place in match.places
    ]


def _form(request: HttpRequest, scope: Scope, chosen: Chosen, status: int = 200, **more: Any) -> HttpResponse:
    context = form.fields(scope, chosen) | {
        "part": "search",
        "kept": {name: value for name, value in chosen.given.items() if name in FURTHER},
        "longest": words.LONGEST,
        "reason_shortest": reading.REASON_SHORTEST,
        "reason_longest": reading.REASON_LONGEST,
        "minutes": int(words.GOES_ON_FOR.total_seconds() // 60),
        "most": words.LOOKED_MOST,
    }
    return render(request, "record/search.html", context | more, status=status)
