"""There and back through a tenant's identity provider."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from assistant.sso import backchannel as logouts
from assistant.sso import coming_back, entry, flow, rehearsal, setting_out, words
from governance.errors import Busy
from governance.identity.models import Kind
from governance.identity.refusals import Refused


@never_cache
@require_GET
def start(request: HttpRequest, slug: str, provider: uuid.UUID) -> HttpResponse:
    """A link, and no form: where a form's answer may lead to is bound to this site by the content security policy."""
    try:
        return redirect(
            setting_out.start(request, slug, provider, request.GET.get("next", ""), anew="again" in request.GET)
        )
    except Refused as refusal:
        return to_door(request, slug, refusal)


@never_cache
@require_GET
def callback(request: HttpRequest, slug: str, provider: uuid.UUID) -> HttpResponse:
    return came_back(request, slug, provider, Kind.OPENID)


@never_cache
@require_GET
def signed_out(request: HttpRequest, slug: str, provider: uuid.UUID) -> HttpResponse:
    """Signed out here, and not yet there: whoever shares the machine may want to be both."""
    try:
        row, address = flow.farewell(request, slug, provider)
    except Refused as refusal:
        return to_door(request, slug, refusal)
    return render(request, "sign_in/signed_out.html", {"slug": slug, "provider": row, "address": address})


@csrf_exempt  # a provider's server sends no cookie: the token's signature says whose word it is
@never_cache
@sensitive_post_parameters("logout_token")
@require_POST
def backchannel(request: HttpRequest, slug: str, provider: uuid.UUID) -> HttpResponse:
    """OpenID Connect Back-Channel Logout 1.0, 2.5 and 2.8: 200, or 400 with no more than that."""
    try:
        logouts.log_out(request, slug, provider, request.POST.get("logout_token", ""))
    except Refused:
        return JsonResponse({"error": "invalid_request"}, status=400)
    except Busy as busy:
        return JsonResponse({"error": "slow_down"}, status=429, headers={"Retry-After": str(busy.wait_s)})
    return HttpResponse()


def came_back(request: HttpRequest, slug: str, provider: uuid.UUID, kind: Kind) -> HttpResponse:
    try:
        scope, back = coming_back.take(request, slug, provider, kind)
        if back.tester:
            return reported(request, rehearsal.report(request.caller, back))  # type: ignore[attr-defined]
        coming_back.finish(request, scope, back)
    except Refused as refusal:
        return to_door(request, slug, refusal)
    return redirect(entry.within_site(back.onward) or "home")


def reported(request: HttpRequest, report: rehearsal.Report) -> HttpResponse:
    remedy = words.for_admin(report.refusal) if report.refusal else ""
    context = {"room": "settings", "report": report, "provider": report.provider, "remedy": remedy}
    return render(request, "settings/sign_in_report.html", context)


def to_door(request: HttpRequest, slug: str, refusal: Refused) -> HttpResponse:
    messages.error(request, words.for_person(refusal), extra_tags="bad")
    return redirect("sign-in-tenant", slug)
