"""Requests for erasure, for those who decide on them; and the certificates of what was done."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant.views import confirming, signed_in
from assistant.views.lifecycle import choosing
from governance import access, people
from governance.actions import Action
from governance.audit.lifecycle import erasing
from governance.audit.lifecycle import erasure as service
from governance.audit.lifecycle.models import ErasureStatus
from governance.errors import Conflict, Forbidden, InvalidInput
from governance.scope import Scope


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
@confirming.required
def listed(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The list; a POST asks for somebody who asked elsewhere, or who has left."""
    access.require(scope, Action.ERASURE_DECIDE)
    if request.method != "POST":
        return _list(request, scope, who=request.GET.get("who", "")[:254])
    who, reason = request.POST.get("who", ""), request.POST.get("reason", "")
    try:
        made = service.request_for(scope, choosing.person(scope, who), reason)
    except (InvalidInput, Conflict) as fault:
        return _list(request, scope, status=fault.status, fault=fault.message, who=who, reason=reason)
    messages.success(request, _("The request is recorded. Somebody else decides on it."), extra_tags="good")
    return redirect("erasure", made.pk)


@require_GET
@signed_in.required
def page(request: HttpRequest, scope: Scope, erasure: uuid.UUID) -> HttpResponse:
    return _page(request, scope, erasure)


@require_POST
@signed_in.required
@confirming.required
def approve(request: HttpRequest, scope: Scope, erasure: uuid.UUID) -> HttpResponse:
    try:
        done = service.approve(scope, erasure)
    except (Conflict, Forbidden) as fault:
        if isinstance(fault, access.Denied):
            raise
        return _page(request, scope, erasure, status=fault.status, fault=fault.message)
    if done.status == ErasureStatus.ERASED:
        messages.success(request, _("Done. The certificate says what was erased where."), extra_tags="good")
    else:
        messages.warning(request, _("Approved. A part does not answer; it goes on by itself."), extra_tags="warn")
    return redirect("erasure", erasure)


@require_POST
@signed_in.required
def refuse(request: HttpRequest, scope: Scope, erasure: uuid.UUID) -> HttpResponse:
    try:
        service.refuse(scope, erasure, request.POST.get("reason", ""))
    except InvalidInput as fault:
        return _page(request, scope, erasure, status=fault.status, fault=fault.message)
    messages.success(request, _("Refused. The person reads why on their page."), extra_tags="good")
    return redirect("erasure", erasure)


@require_GET
@signed_in.required
def certificate(request: HttpRequest, scope: Scope, erasure: uuid.UUID) -> HttpResponse:
    """As JSON, with its hash and the event on the record that carries the same one."""
    row = service.certified(scope, erasure)
    told = {"certificate": row.certificate, "sha256": erasing.digest(row.certificate), "event": str(row.event)}
    response = JsonResponse(told, json_dumps_params={"indent": 1, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="erasure-{row.pk}.json"'
    return response


def _list(request: HttpRequest, scope: Scope, status: int = 200, **context: object) -> HttpResponse:
    found = service.listed(scope)
    names = people.names(scope, {row.requested_by for row in found if row.requested_by})
    lines = [(row, names.get(row.requested_by, "") if row.requested_by else "") for row in found]
    context |= {"room": "kept", "part": "erasures", "lines": lines}
    return render(request, "lifecycle/erasures.html", context, status=status)


def _page(request: HttpRequest, scope: Scope, erasure: uuid.UUID, status: int = 200, **context: object) -> HttpResponse:
    row = service.decidable(scope, erasure)
    who = {one for one in (row.requested_by, row.decided_by) if one}
    names = people.names(scope, who)
    context |= {
        "room": "kept",
        "part": "erasures",
        "erasure": row,
        "asked_by": names.get(row.requested_by, "") if row.requested_by else "",
        "decided_by": names.get(row.decided_by, "") if row.decided_by else "",
        "against": service.against(scope, row) if row.status in service.OPEN else [],
        "is_mine": scope.actor in {row.person_id, row.requested_by},
        "sha256": erasing.digest(row.certificate) if row.certificate else "",
    }
    return render(request, "lifecycle/erasure.html", context, status=status)
