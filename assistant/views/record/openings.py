"""Openings that need a second officer: the queue of those that wait, and what became of the others."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from assistant.showing import wording
from assistant.views import confirming, signed_in
from assistant.views.parsing import parsed_id
from governance import people
from governance.audit.officers import openings, permits
from governance.errors import Conflict, InvalidInput
from governance.scope import Scope

# Where one comes from, and goes back to.
PAGES = {"interaction": "record-interaction", "event": "record-event", "case": "record-case"}


@never_cache  # reasons are an officer's words
@require_GET
@signed_in.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    waiting, decided = openings.waiting(scope), openings.decided(scope)
    who = {asked.row.asked_by for asked in waiting + decided} | {asked.row.decided_by for asked in decided}
    names = people.names(scope, {person for person in who if person})

    def told(asked: openings.Asked) -> dict[str, Any]:
        by = asked.row.decided_by
        return {
            "asked": asked,
            "who": names.get(asked.row.asked_by, ""),
            "by": names.get(by, "") if by else "",
            "is_own": asked.row.asked_by == scope.actor,
        }

    context = {
        "room": "record",
        "part": "openings",
        "is_needed": permits.is_needed(scope),
        "waiting": [told(asked) for asked in waiting],
        "decided": [told(asked) for asked in decided],
        "hours": int(openings.WAITS_FOR.total_seconds() // 3600),
    }
    return render(request, "record/openings.html", context)


@require_POST
@signed_in.required
@confirming.required
def ask(request: HttpRequest, scope: Scope) -> HttpResponse:
    sent = request.POST
    target = parsed_id(sent.get("target", ""))
    kind = sent.get("kind", "")
    try:
        openings.ask(scope, kind, target, sent.get("reason", ""), sent.get("case", ""))
        messages.success(request, _("Asked. Another officer sees it under “Openings”."), extra_tags="good")
    except (Conflict, InvalidInput) as fault:
        messages.error(request, wording.translated(fault.message), extra_tags="bad")
    return redirect(PAGES.get(kind, "record-event"), target)


@require_POST
@signed_in.required
@confirming.required
def decide(request: HttpRequest, scope: Scope, opening: uuid.UUID) -> HttpResponse:
    approves = request.POST.get("decision") == "approve"
    if not approves and request.POST.get("decision") != "decline":
        raise InvalidInput(_("Approve it, or decline it."))
    try:
        openings.decide(scope, opening, approves=approves)
        said = _("Approved. It can be opened for an hour.") if approves else _("Declined.")
        messages.success(request, said, extra_tags="good")
    except Conflict as fault:
        messages.error(request, wording.translated(fault.message), extra_tags="bad")
    return redirect("record-openings")
