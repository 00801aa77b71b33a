"""The list: filters in the address, pages both ways, how many there are, and what came since."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from assistant.views import confirming, signed_in
from assistant.views.record import export as writing
from assistant.views.record import form, lines
from assistant.views.record.filters import Chosen
from governance import people
from governance.audit import reading
from governance.scope import Scope

A_PAGE = 50


@require_GET
@signed_in.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    chosen = Chosen.of(request.GET)
    if chosen.who:
        return _with_person(request, scope, chosen)
    if _is_untidy(request.GET):
        return redirect(_address(chosen.query()))
    return _page(request, scope, chosen)


@require_GET
@signed_in.required
def new(request: HttpRequest, scope: Scope) -> HttpResponse:
    """How many came since the page was made: a line, or nothing where its number is the one that is shown already."""
    reading.require(scope)
    chosen, place = Chosen.of(request.GET), request.GET.get("newer", "")
    amount = sum(reading.tallied(scope, newer=place, **chosen.filters()).values()) if place else 0
    if str(amount) == request.GET.get("shown", "0"):
        return HttpResponse(status=204)
    context = {"new": amount, "query": chosen.query(), "poll": chosen.query(newer=place, shown=str(amount))}
    return render(request, "record/new.html", context)


@require_GET
@signed_in.required
def suggest(request: HttpRequest, scope: Scope) -> HttpResponse:
    """People whose name or address holds what was typed, as options."""
    reading.require(scope)
    typed = request.GET.get("who", "").strip()[:254]
    found = people.matching(scope, typed, form.PEOPLE_SHOWN) if typed else []
    return render(request, "record/people.html", {"people": found})


@require_POST
@signed_in.required
@confirming.required
def export(request: HttpRequest, scope: Scope) -> HttpResponse:
    reading.require(scope)
    kind = request.POST.get("format", "")
    writing.require(kind)
    events = reading.exported(scope, kind, **Chosen.of(request.GET).filters())
    return writing.respond(events, kind)  # type: ignore[return-value]


def _page(request: HttpRequest, scope: Scope, chosen: Chosen, status: int = 200, **more: Any) -> HttpResponse:
    cursor, newer = request.GET.get("cursor", ""), request.GET.get("newer", "")
    wanted = chosen.filters()
    found = reading.listed(scope, **wanted, cursor=cursor, newer=newer, limit=A_PAGE)
    tally = reading.tallied(scope, **wanted)
    context = form.fields(scope, chosen) | {
        "part": "events",
        "lines": lines.of(scope, found.events),
        "total": sum(tally.values()),
        "is_more": sum(tally.values()) >= reading.COUNTED_MOST,
        "counts": lines.by_kind(tally),
        "without_person": chosen.query(person="", concerned=""),
        "older_query": chosen.query(cursor=found.next) if found.next else "",
        "newer_query": chosen.query(newer=found.newer) if found.newer else "",
        "is_first": not found.newer,
    }
    if context["is_first"] and chosen.is_open_ended and found.top:
        context["poll"] = chosen.query(newer=found.top)
    return render(request, "record/page.html", context | more, status=status)


def _with_person(request: HttpRequest, scope: Scope, chosen: Chosen) -> HttpResponse:
    """A name becomes a number in the address, which is then the same however it was typed."""
    found = form.people_called(scope, chosen.who)
    if len(found) == 1:
        return redirect(_address(chosen.about(found[0].pk).query()))
    context = form.fields(scope, chosen) | {
        "part": "events",
        "who": chosen.who,
        "lines": [],
        "candidates": [(person, chosen.about(person.pk).query()) for person in found],
        "fault": form.fault_of(chosen.who, found),
    }
    return render(request, "record/page.html", context)


def _is_untidy(query: QueryDict) -> bool:
    return any(not value.strip() for _name, values in query.lists() for value in values)


def _address(query: str) -> str:
    return f"{reverse('record')}?{query}" if query else reverse("record")
