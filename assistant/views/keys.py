"""API keys: everybody makes their own, and admins see and end all of the tenant's."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant.views import confirming, services, signed_in, tables
from governance import access, keys, tenants
from governance.actions import Action
from governance.errors import InvalidInput
from governance.roles import KEY_SCOPES
from governance.scope import Scope

LABELS = {
    "name": lazy("Name"),
    "person": lazy("Person"),
    "-scopes": lazy("May"),
    "used": lazy("Last used"),
    "expires": lazy("Ends"),
    "-end": "",
}
LIVES = (7, 30, 90, 366)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
@confirming.required
def mine(request: HttpRequest, scope: Scope) -> HttpResponse:
    """One's own; a POST makes one, which is shown this once."""
    if request.method != "POST":
        return _page(request, scope)
    name, scopes = request.POST.get("name", ""), request.POST.getlist("scopes")
    days = request.POST.get("days", "")
    try:
        key = keys.issue(scope, scope.person, name, scopes, int(days) if days.isdecimal() and len(days) < 5 else 0)
    except InvalidInput as fault:
        return _page(request, scope, status=fault.status, fault=fault.message, name=name, chosen=scopes)
    return _page(request, scope, key=key)


@require_GET
@signed_in.required
def every(request: HttpRequest, scope: Scope) -> HttpResponse:
    order, words = tables.order(request, keys.COLUMNS, "name"), tables.words(request)
    context = {"room": "admin", "part": "keys", "words": words, "order": order}
    context |= {"page": keys.found(scope, words, order, tables.number(request))}
    context |= {"heads": tables.heads(request, LABELS, order)}
    return render(request, "admin/keys.html", context)


@require_POST
@signed_in.required
def revoke(request: HttpRequest, scope: Scope, key: uuid.UUID) -> HttpResponse:
    keys.revoke(scope, key)
    messages.success(request, _("The key was revoked. Nothing opens with it from now on."), extra_tags="good")
    return redirect("every-key" if request.POST.get("back") == "every-key" else "keys")


def _page(request: HttpRequest, scope: Scope, status: int = 200, **context: object) -> HttpResponse:
    tenant = tenants.current(scope)
    context |= {"room": "keys", "mine": keys.mine(scope), "scopes": _scopes(scope), "services": services.owned(scope)}
    context |= {"lives": [days for days in LIVES if days <= tenant.key_days_max] or [tenant.key_days_max]}
    context["allows_keys"] = tenant.allows_personal_keys
    return render(request, "keys/page.html", context, status=status)


def _scopes(scope: Scope) -> list[str]:
    """Those that would open anything for this person."""
    may_record = access.decide(scope, Action.RECORD_READ).allowed
    return [name for name in KEY_SCOPES if name != "record" or may_record]
