"""Asking for access, and deciding what others asked for."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from assistant.views import signed_in, tables
from assistant.views.parsing import parsed_level, parsed_number
from governance.errors import ChanceryError, Conflict, InvalidInput
from governance.requests import asking, deciding, offers
from governance.requests.asking import Wish
from governance.scope import Scope

Fault = InvalidInput | Conflict


@require_GET
@signed_in.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    return _page(request, scope)


@require_POST
@signed_in.required
def ask(request: HttpRequest, scope: Scope, offer: uuid.UUID) -> HttpResponse:
    sent = request.POST
    try:
        wish = Wish(
            parsed_level(sent.get("level", "")), parsed_number(sent.get("days", "")), sent.get("reason", "").strip()
        )
        asking.ask(scope, offer, wish)
    except (InvalidInput, Conflict) as fault:
        return _page(request, scope, fault, at=offer, sent=sent)
    messages.success(request, _("You have asked. What is decided stands here."), extra_tags="good")
    return redirect("requests")


@require_POST
@signed_in.required
def withdraw(request: HttpRequest, scope: Scope, asked: uuid.UUID) -> HttpResponse:
    asking.withdraw(scope, asked)
    messages.success(request, _("You have withdrawn it."), extra_tags="good")
    return redirect("requests")


@require_POST
@signed_in.required
def approve(request: HttpRequest, scope: Scope, asked: uuid.UUID) -> HttpResponse:
    deciding.get(scope, asked)  # refused before what was sent is looked at
    try:
        level, days = parsed_level(request.POST.get("level", "")), parsed_number(request.POST.get("days", ""))
        row = deciding.approve(scope, asked, level, days)
    except (InvalidInput, Conflict) as fault:
        return _page(request, scope, fault, at=asked)
    done = _("Access was given.") if row.grant else _("Approved. It takes another approval.")
    messages.success(request, done, extra_tags="good")
    return redirect("requests")


@require_POST
@signed_in.required
def refuse(request: HttpRequest, scope: Scope, asked: uuid.UUID) -> HttpResponse:
    deciding.get(scope, asked)
    try:
        deciding.refuse(scope, asked, request.POST.get("answer", ""))
    except (InvalidInput, Conflict) as fault:
        return _page(request, scope, fault, at=asked, sent=request.POST)
    messages.success(request, _("Refused. They are told why."), extra_tags="good")
    return redirect("requests")


def _page(request: HttpRequest, scope: Scope, fault: ChanceryError | None = None, **more: object) -> HttpResponse:
    words = tables.words(request)
    context = {
        "room": "requests",
        "waiting": deciding.waiting(scope),
        "decided": deciding.decided(scope),
        "mine": asking.mine(scope, tables.number(request, "mine")),
        "offers": offers.listed(scope, words, tables.number(request)),
        "words": words,
        "fault": fault.message if fault else "",
        "fault_at": fault.param if isinstance(fault, InvalidInput) else "",
        **more,
    }
    return render(request, "requests/page.html", context, status=fault.status if fault else 200)
