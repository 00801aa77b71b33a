"""There and back through a tenant's identity provider."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from assistant.sso import flow, rehearsal, words
from governance.identity.refusals import Refused


@never_cache
@require_GET
def start(request: HttpRequest, slug: str, provider: uuid.UUID) -> HttpResponse:
    """A link, and no form: where a form's answer may lead to is bound to this site by the content security policy."""
    try:
        return redirect(flow.start(request, slug, provider, request.GET.get("next", "")))
    except Refused as refusal:
        return _to_door(request, slug, refusal)


@never_cache
@require_GET
def callback(request: HttpRequest, slug: str, provider: uuid.UUID) -> HttpResponse:
    try:
        scope, row = flow.find(request, slug, provider)
        back = flow.take_back(request, slug, scope, row)
        if back.tester:
            report = rehearsal.report(request, request.caller, back)  # type: ignore[attr-defined]
            remedy = words.for_admin(report.refusal) if report.refusal else ""
            context = {"room": "settings", "report": report, "provider": row, "remedy": remedy}
            return render(request, "settings/sign_in_report.html", context)
        flow.finish(request, scope, back)
    except Refused as refusal:
        return _to_door(request, slug, refusal)
    return redirect(back.onward or "home")


@never_cache
@require_GET
def signed_out(request: HttpRequest, slug: str, provider: uuid.UUID) -> HttpResponse:
    """Signed out here, and not yet there: whoever shares the machine may want to be both."""
    try:
        row, address = flow.farewell(request, slug, provider)
    except Refused as refusal:
        return _to_door(request, slug, refusal)
    return render(request, "sign_in/signed_out.html", {"slug": slug, "provider": row, "address": address})


def _to_door(request: HttpRequest, slug: str, refusal: Refused) -> HttpResponse:
    messages.error(request, words.for_person(refusal), extra_tags="bad")
    return redirect("sign-in-tenant", slug)
