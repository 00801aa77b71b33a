"""Whether a collection may be asked for, how, and who decides: said by whoever manages it."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assistant.views import shelves, signed_in
from assistant.views.parsing import parsed_id, parsed_level, parsed_number
from governance import access, groups
from governance.actions import Action
from governance.errors import Forbidden, InvalidInput
from governance.requests import offers
from governance.requests.models import Offer
from governance.requests.offers import Draft
from governance.roles import Level
from governance.scope import Scope


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def page(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    access.require(scope, Action.COLLECTION_MANAGE, collection)  # refused before what was sent is looked at
    fault = None
    if request.method == "POST":
        try:
            offers.put(scope, collection, _draft(request))
            messages.success(request, _("Saved. It may be asked for."), extra_tags="good")
            return redirect("collection-offer", collection)
        except (InvalidInput, Forbidden) as wrong:
            fault = wrong
    row, shelf = offers.of(scope, collection), shelves.get(scope, collection)
    context = {
        "room": "library",
        "shelf": shelf,
        "offer": row,
        "shown": _sent(request) if fault else _as_it_is(row, shelf.name),
        "groups": groups.listed(scope),
        "levels": (Level.READ, Level.CONTRIBUTE),
        "fault": fault.message if fault else "",
    }
    return render(request, "requests/offer.html", context, status=fault.status if fault else 200)


@require_POST
@signed_in.required
def withdraw(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    offers.withdraw(scope, collection)
    messages.success(request, _("It may be asked for no more. What waited has lapsed."), extra_tags="good")
    return redirect("collection-offer", collection)


def _sent(request: HttpRequest) -> dict[str, Any]:
    """As it was written, to be mended."""
    return {**request.POST.dict(), "groups": request.POST.getlist("groups")}


def _as_it_is(row: Offer | None, name: str) -> dict[str, Any]:
    """The same of what is offered, or of what would be usual."""
    if row is None:
        row = Offer(**asdict(Draft(name)) | {"approvers": None})
    return {
        "title": row.title,
        "summary": row.summary,
        "groups": [str(one) for one in row.groups],
        "level": str(int(row.level_most)),
        "approvals": str(row.approvals),
        "days": row.days_most,
        "lapses": row.lapse_days,
        "approvers": str(row.approvers_id or ""),
    }


def _draft(request: HttpRequest) -> Draft:
    """Raises InvalidInput."""
    sent = request.POST
    approvers = sent.get("approvers", "")
    return Draft(
        title=sent.get("title", ""),
        summary=sent.get("summary", ""),
        level_most=parsed_level(sent.get("level", "")),
        approvals=parsed_number(sent.get("approvals", "")),
        days_most=parsed_number(sent.get("days", "")),
        lapse_days=parsed_number(sent.get("lapses", "")),
        approvers=parsed_id(approvers) if approvers else None,
        groups=tuple(parsed_id(one) for one in sent.getlist("groups") if one),
    )
