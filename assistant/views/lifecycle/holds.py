"""Legal holds, for compliance officers: those that stand, those that were lifted, and new ones."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assistant.views import signed_in
from assistant.views.lifecycle import choosing
from governance import models, people
from governance.audit.lifecycle import holds
from governance.audit.selection import Filters
from governance.errors import Conflict, InvalidInput
from governance.scope import Scope

TYPED = ("who", "interaction", "since", "until", "reason")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def listed(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The list; a POST places one. A link of the record fills the form in."""
    found = holds.listed(scope)
    if request.method != "POST":
        return _page(request, scope, found, typed={name: request.GET.get(name, "")[:500] for name in TYPED})
    typed = {name: request.POST.get(name, "") for name in TYPED}
    try:
        holds.place(scope, typed["reason"], **_filters(scope, typed))
    except (InvalidInput, Conflict) as fault:
        return _page(request, scope, found, typed=typed, status=fault.status, fault=fault.message)
    messages.success(request, _("The hold stands. Nothing of it goes until it is lifted."), extra_tags="good")
    return redirect("holds")


@require_POST
@signed_in.required
def lift(request: HttpRequest, scope: Scope, hold: uuid.UUID) -> HttpResponse:
    try:
        holds.lift(scope, hold, request.POST.get("reason", ""))
    except InvalidInput as fault:
        return _page(
            request, scope, holds.listed(scope), typed={}, status=fault.status, lift_fault=(hold, fault.message)
        )
    messages.success(request, _("The hold is lifted."), extra_tags="good")
    return redirect("holds")


def _filters(scope: Scope, typed: dict[str, str]) -> Filters:
    wanted: Filters = {}
    if typed["who"].strip():
        wanted["about"] = choosing.person(scope, typed["who"])
    if typed["interaction"].strip():
        wanted["interaction"] = choosing.interaction(typed["interaction"])
    if typed["since"].strip():
        wanted["since"] = choosing.day(typed["since"])
    if typed["until"].strip():
        wanted["until"] = choosing.day(typed["until"])
    return wanted


def _page(
    request: HttpRequest,
    scope: Scope,
    found: list[models.Hold],
    typed: dict[str, str],
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    ids = {uuid.UUID(one.wanted[name]) for one in found for name in ("about", "person") if name in one.wanted}
    names = people.names(scope, ids | {one.placed_by for one in found})
    lines = [
        (one, names.get(one.placed_by, ""), _told(one, {str(pk): name for pk, name in names.items()})) for one in found
    ]
    context |= {"room": "kept", "part": "holds", "lines": lines, "typed": typed}
    return render(request, "lifecycle/holds.html", context, status=status)


def _told(hold: models.Hold, names: dict[str, str]) -> list[tuple[str, str]]:
    """What is held, in words: (what it is, its value)."""
    labels = {
        "about": _("Person"),
        "person": _("What they did"),
        "interaction": _("Answer"),
        "interactions": _("Answers"),
        "resource": _("Done to"),
        "mentions": _("Collection or document"),
        "action": _("Events"),
        "actions": _("Events"),
        "since": _("From"),
        "until": _("Before"),
    }
    told = []
    for name, value in hold.wanted.items():
        said = ", ".join(value) if isinstance(value, list) else str(value)
        told.append((labels.get(name, name), names.get(said, said[:10] if name in {"since", "until"} else said)))
    return told
