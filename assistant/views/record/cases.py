"""Cases: a list of them, and each on a page with its answers, its notes and what is done with it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant.showing import wording
from assistant.views import confirming, signed_in
from assistant.views.parsing import parsed_id
from assistant.views.record import lines
from assistant.views.record.filters import Chosen
from assistant.views.tables import number
from governance import people
from governance.audit import reading
from governance.audit.officers import cases, custody, openings, permits
from governance.audit.officers.models import Opening
from governance.errors import ChanceryError, Conflict, InvalidInput, NotFound, TooLarge
from governance.scope import Scope


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def listed(request: HttpRequest, scope: Scope) -> HttpResponse:
    """A POST makes one, from the filters of the address where it has any."""
    if request.method != "POST":
        return _listed(request, scope)
    chosen = Chosen.of(request.GET)
    query = chosen.fixed().query() if chosen.query() else ""
    title = request.POST.get("title", "")
    try:
        made = cases.create(scope, title, query).pk
    except InvalidInput as fault:
        return _listed(request, scope, fault.status, fault=fault.message, title=title)
    if query and request.POST.get("with_answers"):
        _try(request, lambda: _added(request, cases.add_found(scope, made, **chosen.fixed().filters())))
    return redirect("record-case", made)


@never_cache
@require_GET
@signed_in.required
def page(request: HttpRequest, scope: Scope, case: uuid.UUID) -> HttpResponse:
    return _page(request, scope, case)


@require_POST
@signed_in.required
def add(request: HttpRequest, scope: Scope, case: uuid.UUID) -> HttpResponse:
    """One answer by its number, or all that the case's own filters leave."""
    whole = cases.get(scope, case)
    if request.POST.get("what") == "found":
        wanted = Chosen.of(QueryDict(whole.row.query)).filters()
        _try(request, lambda: _added(request, cases.add_found(scope, case, **wanted)))
    else:
        typed = request.POST.get("interaction", "")
        _try(request, lambda: _added(request, cases.add(scope, case, [parsed_id(typed.strip())])), NotFound)
    return redirect("record-case", case)


@require_POST
@signed_in.required
def put(request: HttpRequest, scope: Scope, interaction: uuid.UUID) -> HttpResponse:
    """An answer, from its own page, into the case that is chosen there."""
    case = parsed_id(request.POST.get("case", "").strip())
    _try(request, lambda: _added(request, cases.add(scope, case, [interaction])))
    return redirect("record-interaction", interaction)


@require_POST
@signed_in.required
def take_out(request: HttpRequest, scope: Scope, case: uuid.UUID, interaction: uuid.UUID) -> HttpResponse:
    _try(request, lambda: cases.take_out(scope, case, interaction))
    return redirect("record-case", case)


@require_POST
@signed_in.required
def note(request: HttpRequest, scope: Scope, case: uuid.UUID) -> HttpResponse:
    text = request.POST.get("text", "")
    try:
        cases.note(scope, case, text)
    except (InvalidInput, Conflict) as fault:
        return _page(request, scope, case, fault.status, fault=fault.message, text=text)
    return redirect("record-case", case)


@require_POST
@signed_in.required
def close(request: HttpRequest, scope: Scope, case: uuid.UUID) -> HttpResponse:
    _try(request, lambda: cases.close(scope, case))
    return redirect("record-case", case)


@require_POST
@signed_in.required
def reopen(request: HttpRequest, scope: Scope, case: uuid.UUID) -> HttpResponse:
    cases.reopen(scope, case)
    return redirect("record-case", case)


@require_POST
@signed_in.required
def hold(request: HttpRequest, scope: Scope, case: uuid.UUID) -> HttpResponse:
    """Place one, or lift the one that stands."""
    reason = request.POST.get("reason", "")
    change = custody.lift if request.POST.get("what") == "lift" else custody.hold
    _try(request, lambda: change(scope, case, reason))
    return redirect("record-case", case)


@require_POST
@signed_in.required
@confirming.required
def export(request: HttpRequest, scope: Scope, case: uuid.UUID) -> HttpResponse:
    """As a bundle, which is fetched where every other one is."""
    asked = openings.mine(scope, case)
    is_approved = bool(asked and asked.row.status == Opening.APPROVED and request.POST.get("with_words"))
    reason = asked.reason if asked and is_approved else request.POST.get("reason", "").strip()
    made: list[uuid.UUID] = []
    _try(request, lambda: made.append(custody.export(scope, case, reason)))
    return redirect("record-bundle-made", made[0]) if made else redirect("record-case", case)


def _listed(request: HttpRequest, scope: Scope, status: int = 200, **more: Any) -> HttpResponse:
    chosen, is_closed = Chosen.of(request.GET), request.GET.get("state") == "closed"
    context = {
        "room": "record",
        "part": "cases",
        "query": chosen.query(),
        "is_closed": is_closed,
        "cases": cases.found(scope, number(request), is_closed=is_closed),
        "title_longest": cases.TITLE_LONGEST,
        "items_most": cases.ITEMS_MOST,
    }
    return render(request, "record/cases.html", context | more, status=status)


def _page(request: HttpRequest, scope: Scope, case: uuid.UUID, status: int = 200, **more: Any) -> HttpResponse:
    whole = cases.get(scope, case)
    asked = [item.asked for item in whole.items if item.asked]
    told = {line.event.interaction: line for line in lines.of(scope, asked)}
    authors = {note.by for note in whole.notes if note.by} | {whole.row.created_by}
    names = people.names(scope, {person for person in authors if person})
    context = {
        "room": "record",
        "part": "cases",
        "case": whole.row,
        "title": whole.title,
        "items": [(item, told.get(item.interaction)) for item in whole.items],
        "notes": [(note, names.get(note.by, "") if note.by else "") for note in whole.notes],
        "creator": names.get(whole.row.created_by, "") if whole.row.created_by else "",
        "note_longest": cases.NOTE_LONGEST,
        "hold": whole.hold,
        "needs_second": permits.is_needed(scope),
        "second": openings.mine(scope, case),
        "reason_shortest": reading.REASON_SHORTEST,
        "reason_longest": reading.REASON_LONGEST,
        "case_longest": openings.CASE_LONGEST,
    }
    return render(request, "record/case.html", context | more, status=status)


def _try(request: HttpRequest, change: Callable[[], object], told: type[ChanceryError] = Conflict) -> None:
    """What a page tells of at its top, when it comes back to it; `told` is one more kind of fault."""
    try:
        change()
    except (Conflict, InvalidInput, TooLarge, told) as fault:
        messages.error(request, wording.translated(fault.message), extra_tags="bad")


def _added(request: HttpRequest, amount: int) -> None:
    said = ngettext("%(number)s answer was added.", "%(number)s answers were added.", amount) % {"number": amount}
    messages.success(request, said, extra_tags="good")
