"""Signing in and out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from assistant import sign_in as signing
from assistant.demo import material
from assistant.local import demo_logins
from assistant.sign_in import challenges
from assistant.sign_in.second import Step
from assistant.sso import entry, pending, ways
from governance import tenants
from governance.errors import NotSignedIn


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest, slug: str = "") -> HttpResponse:
    if request.method != "POST":
        caller = request.caller  # type: ignore[attr-defined]
        return redirect("home") if caller else page(request, slug, next=request.GET.get("next", ""))
    email, onward = request.POST.get("email", "")[:254], request.POST.get("next", "")
    if request.POST.get("way") == "sso":
        return page(request, slug, email=email, next=onward, has_asked=True)
    try:
        step = signing.sign_in(request, slug, email, request.POST.get("password", "")[:1000], onward)
    except NotSignedIn as refusal:
        return page(request, slug, status=401, refusal=refusal.message, email=email, next=onward)
    if step is not Step.DONE:
        return redirect("sign-in-enrol" if step is Step.ENROL else "sign-in-second")
    return redirect(onward if url_has_allowed_host_and_scheme(onward, None) else "home")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    provider, slug = request.session.get(entry.LEFT_BY), signing.sign_out(request)
    return redirect("sso-signed-out", slug, provider) if provider and slug else redirect("sign-in")


def page(request: HttpRequest, slug: str, status: int = 200, **context: Any) -> HttpResponse:
    """The page to sign in at."""
    # An unknown short name gets the same page: who is a customer here is nobody's to try out.
    offered = ways.offered(slug, context.get("email", ""))
    context |= {
        "slug": slug,
        "tenant": tenants.find_for_login(slug) if slug else None,
        "ways": offered,
        "has_no_ways": not offered,
        "passkeys_work": challenges.is_possible(request),
        # Open for whoever has just been told to give the password once, to be linked.
        "is_password_spare": any(way.is_required for way in offered) and pending.PLACE not in request.session,
    }
    if settings.DEMO_LOGINS:
        shown = [one for one in material.TENANTS if slug in {"", one.slug}]
        context |= {"demo_tenants": shown, "demo_password": demo_logins.PASSWORD}
    return render(request, "sign_in/page.html", context, status=status)
