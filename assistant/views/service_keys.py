"""Keys of a service account, for admins: made and shown once, followed by another, narrowed, ended."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from assistant.views import confirming, services, signed_in
from governance.errors import Conflict, InvalidInput
from governance.scope import Scope
from governance.service_accounts import service_keys
from governance.service_accounts.service_keys import Narrowed


@never_cache
@require_POST
@signed_in.required
@confirming.required
def issue(request: HttpRequest, scope: Scope, service: uuid.UUID) -> HttpResponse:
    name, scopes = request.POST.get("name", ""), request.POST.getlist("scopes")
    try:
        made = service_keys.issue(scope, service, name, scopes, _whole(request, "days") or 0, _narrowed(request))
    except (InvalidInput, Conflict) as fault:
        return services.page(request, scope, service, fault, name=name, chosen=scopes, sent=request.POST)
    return services.page(request, scope, service, made=made)


@never_cache
@require_POST
@signed_in.required
@confirming.required
def rotate(request: HttpRequest, scope: Scope, service: uuid.UUID, key: uuid.UUID) -> HttpResponse:
    try:
        days, hours = _whole(request, "days"), _whole(request, "overlap")
        made = service_keys.rotate(scope, service, key, days or 0, service_keys.OVERLAP_H if hours is None else hours)
    except (InvalidInput, Conflict) as fault:
        return services.page(request, scope, service, fault)
    return services.page(request, scope, service, made=made)


@require_POST
@signed_in.required
def narrow(request: HttpRequest, scope: Scope, service: uuid.UUID, key: uuid.UUID) -> HttpResponse:
    try:
        service_keys.narrow(scope, service, key, _narrowed(request))
    except InvalidInput as fault:
        return services.page(request, scope, service, fault)
    messages.success(request, _("Saved. It holds from the next request on."), extra_tags="good")
    return redirect("service", service)


@require_POST
@signed_in.required
def end(request: HttpRequest, scope: Scope, service: uuid.UUID, key: uuid.UUID) -> HttpResponse:
    service_keys.end(scope, service, key)
    messages.success(request, _("The key was revoked. Nothing opens with it from now on."), extra_tags="good")
    return redirect("service", service)


def _narrowed(request: HttpRequest) -> Narrowed:
    """Raises InvalidInput."""
    allowed = request.POST.get("allowed", "").replace(",", " ").split()
    return Narrowed(tuple(allowed), _whole(request, "per_minute"), _whole(request, "tokens_per_day"))


def _whole(request: HttpRequest, name: str) -> int | None:
    """None where the field was left empty. Raises InvalidInput."""
    text = request.POST.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 10:
        raise InvalidInput(_("Give whole numbers."))
    return int(text)
