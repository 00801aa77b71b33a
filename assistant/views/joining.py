"""Setting a password with a link. Whoever has it is believed, so it works once and not for long."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from governance import invitations
from governance.errors import InvalidInput


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    person = invitations.invited(slug, token)
    context = {"person": person, "password_min": settings.PASSWORD_MIN}
    if request.method != "POST":
        return render(request, "sign_in/join.html", context)
    password = request.POST.get("password", "")
    try:
        if password != request.POST.get("again", ""):
            raise InvalidInput(_("The two passwords are not the same."))
        invitations.accept(slug, token, password, request.request_id)  # type: ignore[attr-defined]
    except InvalidInput as refused:
        return render(request, "sign_in/join.html", context | {"refusal": refused.message}, status=400)
    messages.success(request, _("Your password is set. Sign in with it."), extra_tags="good")
    return redirect("sign-in-tenant", slug)
