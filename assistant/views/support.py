"""Support access, on the tenant's side: what operators ask for, what is open to them, what they saw, and its end."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assistant.views import confirming, signed_in, support_forms
from governance import support
from governance.actions import Action
from governance.errors import ChanceryError, Conflict, InvalidInput, NotFound
from governance.scope import Scope
from governance.support import looks
from ingestion import catalog

CHOICES = 500  # collections that the page offers to choose from


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
@confirming.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """What stands, and a form to open something without having been asked; a POST does."""
    if request.method != "POST":
        return _page(request, scope)
    try:
        support.offer(scope, request.POST.get("operator", "")[:254], support_forms.draft(request))
    except (InvalidInput, NotFound) as fault:
        return _refused(request, scope, fault)
    messages.success(request, _("It is open. You can end it here at any time."), extra_tags="good")
    return redirect("support")


@require_http_methods(["GET", "HEAD"])
@signed_in.required
def opening(request: HttpRequest, scope: Scope, support_access: uuid.UUID) -> HttpResponse:
    """One request or opening, with what was seen."""
    row = support.get(scope, support_access)
    context = {"row": row, "looks": looks.made(scope, support_access)}
    return render(request, "admin/support_opening.html", _frame() | context | _choices(scope))


@require_POST
@signed_in.required
@confirming.required
def grant(request: HttpRequest, scope: Scope, support_access: uuid.UUID) -> HttpResponse:
    try:
        support.open_to(
            scope,
            support_access,
            support_forms.level(request),
            support_forms.hours(request),
            support_forms.collections(request),
        )
        messages.success(request, _("It is open. You can end it here at any time."), extra_tags="good")
    except (InvalidInput, Conflict) as fault:
        support.get(scope, support_access)  # whoever may not, or finds none, is told that and no more
        messages.error(request, _(str(fault.message)), extra_tags="bad")
    return redirect("support-opening", support_access)


@require_POST
@signed_in.required
def refuse(request: HttpRequest, scope: Scope, support_access: uuid.UUID) -> HttpResponse:
    try:
        support.refuse(scope, support_access)
        messages.success(request, _("Refused. Nothing was opened."), extra_tags="good")
    except Conflict as fault:
        messages.error(request, _(str(fault.message)), extra_tags="bad")
    return redirect("support")


@require_POST
@signed_in.required
def end(request: HttpRequest, scope: Scope, support_access: uuid.UUID) -> HttpResponse:
    """Needs no proof of who it is: to shut is never the danger."""
    support.end(scope, support_access)
    messages.success(request, _("Ended. It opens nothing any more."), extra_tags="good")
    return redirect("support")


def _refused(request: HttpRequest, scope: Scope, fault: ChanceryError) -> HttpResponse:
    return _page(request, scope, status=fault.status, fault=fault.message, sent=request.POST)


def _page(request: HttpRequest, scope: Scope, status: int = 200, **context: object) -> HttpResponse:
    rows = support.listed(scope)
    context |= {
        "asked": [one for one in rows if one.access.is_asked],
        "open": [one for one in rows if one.access.is_open],
        "past": [one for one in rows if not one.access.is_asked and not one.access.is_open],
    }
    return render(request, "admin/support.html", _frame() | _choices(scope) | context, status=status)


def _frame() -> dict[str, Any]:
    given = {"levels": support_forms.levels(), "hours": support.HOURS, "hours_max": support.HOURS_MAX}
    return {"room": "admin", "part": "support"} | given


def _choices(scope: Scope) -> dict[str, Any]:
    """The collections that can be named, and what they are called."""
    rows = catalog.found(scope, Action.COLLECTION_MANAGE, "", 1, CHOICES).rows
    return {"collections": rows, "named": {one.pk: one.name for one in rows}}
