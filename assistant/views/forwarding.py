"""Where the record is sent to: set up by admins, seen by officers, who alone say whether words go there too."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from assistant.views import confirming, signed_in
from governance.audit import reading
from governance.audit.out import lines, targets
from governance.audit.out.targets import Draft
from governance.errors import ChanceryError, Conflict, InvalidInput
from governance.scope import Scope


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
@confirming.required
def listed(request: HttpRequest, scope: Scope) -> HttpResponse:
    """A POST makes a target, whose secret is shown this once."""
    if request.method != "POST":
        return _list(request, scope)
    draft, from_now = _draft(request, is_enabled=True), request.POST.get("begins") == "now"
    try:
        target, secret = targets.create(scope, draft, from_now=from_now)
    except (InvalidInput, Conflict) as fault:
        return _list(request, scope, draft, fault)
    return _one(request, scope, target, secret=secret, is_new=True)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
@confirming.required
def target(request: HttpRequest, scope: Scope, target: uuid.UUID) -> HttpResponse:
    if request.method != "POST":
        return _one(request, scope, target)
    kind = targets.get(scope, target).row.kind
    draft = _draft(request, is_enabled="is_enabled" in request.POST, kind=kind)
    try:
        targets.change(scope, target, draft)
    except (InvalidInput, Conflict) as fault:
        return _one(request, scope, target, fault.status, fault=fault, draft=draft)
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("forward-target", target)


@require_POST
@signed_in.required
def delete(request: HttpRequest, scope: Scope, target: uuid.UUID) -> HttpResponse:
    targets.delete(scope, target)
    messages.success(request, _("The target was removed. Nothing is sent there any more."), extra_tags="good")
    return redirect("forwarding")


@require_POST
@signed_in.required
def retry(request: HttpRequest, scope: Scope, target: uuid.UUID) -> HttpResponse:
    targets.retry(scope, target)
    messages.success(request, _("It is tried within seconds."), extra_tags="good")
    return redirect("forward-target", target)


@never_cache
@require_POST
@signed_in.required
@confirming.required
def secret(request: HttpRequest, scope: Scope, target: uuid.UUID) -> HttpResponse:
    return _one(request, scope, target, secret=targets.renew_secret(scope, target))


@require_POST
@signed_in.required
@confirming.required
def words(request: HttpRequest, scope: Scope, target: uuid.UUID) -> HttpResponse:
    carries = request.POST.get("carries") == "1"
    try:
        targets.carry_words(scope, target, carries=carries, reason=request.POST.get("reason", ""))
    except InvalidInput as fault:
        return _one(request, scope, target, fault.status, fault=fault)
    said = _("Words are sent there from now on.") if carries else _("Words are no longer sent there.")
    messages.success(request, said, extra_tags="good")
    return redirect("forward-target", target)


def _draft(request: HttpRequest, *, is_enabled: bool, kind: str = "") -> Draft:
    sent = request.POST
    return Draft(
        name=sent.get("name", ""),
        kind=kind or sent.get("kind", ""),
        address=sent.get("address", ""),
        format=sent.get("format", ""),
        is_enabled=is_enabled,
        only=sent.get("only", "").replace(",", " ").split(),
    )


def _list(
    request: HttpRequest, scope: Scope, draft: Draft | None = None, fault: ChanceryError | None = None
) -> HttpResponse:
    context: dict[str, Any] = {
        "room": "admin",
        "part": "forwarding",
        "targets": targets.listed(scope),
        "draft": draft,
        "fault": fault,
    }
    context |= {"kinds": targets.KINDS, "formats": lines.FORMATS}
    return render(request, "settings/forwarding.html", context, status=fault.status if fault else 200)


def _one(request: HttpRequest, scope: Scope, target: uuid.UUID, status: int = 200, **context: object) -> HttpResponse:
    state = targets.get(scope, target)
    context |= {"room": "admin", "part": "forwarding", "state": state, "formats": lines.FORMATS}
    context |= {"values": context.get("draft") or state.row}
    context |= {"reason_shortest": reading.REASON_SHORTEST, "reason_longest": reading.REASON_LONGEST}
    return render(request, "settings/forward_target.html", context, status=status)
