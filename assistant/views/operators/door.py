"""The operators' own door."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from assistant.operators import sign_in as signing
from governance.errors import NotSignedIn


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        known = request.operator  # type: ignore[attr-defined]
        return redirect("operators") if known else render(request, "operators/sign_in.html")
    email = request.POST.get("email", "")[:254]
    try:
        key = signing.begin(email, request.POST.get("password", "")[:1000], request.request_id)  # type: ignore[attr-defined]
    except NotSignedIn as refusal:
        context = {"refusal": refusal.message, "email": email}
        return render(request, "operators/sign_in.html", context, status=401)
    response = redirect("operators")
    signing.keep(response, key)
    return response


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    signing.end(request, request.operator, request.request_id)  # type: ignore[attr-defined]
    response = redirect("operators-sign-in")
    response.delete_cookie(signing.COOKIE, path=signing.DOOR)
    return response
