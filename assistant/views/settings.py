"""The tenant's settings: its name and limits, and what is kept for how long."""

from __future__ import annotations

from django.conf import settings as installed
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assistant import usage
from assistant.views import confirming, signed_in
from governance import tenants
from governance.errors import Conflict, InvalidInput
from governance.scope import Scope
from governance.tenants import Demands, Limits


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    if request.method != "POST":
        return _page(request, scope)
    try:
        demands = Demands("demands_witness" in request.POST, "demands_forwarding" in request.POST)
        tenants.change(scope, request.POST.get("name", ""), _limits(request), demands)
    except InvalidInput as fault:
        return _page(request, scope, status=fault.status, fault=fault.message)
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("settings")


@require_POST
@signed_in.required
@confirming.required
def opening(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Whether words of the record take two officers to open."""
    try:
        tenants.need_second_officer(scope, needed=bool(request.POST.get("needed")))
    except Conflict as fault:
        return _page(request, scope, status=fault.status, opening_fault=fault.message)
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("settings")


def _page(request: HttpRequest, scope: Scope, status: int = 200, **context: object) -> HttpResponse:
    context |= {"room": "admin", "part": "settings", "used": usage.held(scope)}
    context |= {"tenant": tenants.current(scope), "officers": tenants.officers(scope)}
    context |= {"session_hours": installed.SESSION_COOKIE_AGE // 3600, "upload_max": installed.UPLOAD_MAX_BYTES}
    return render(request, "admin/settings.html", context, status=status)


def _limits(request: HttpRequest) -> Limits:
    def whole(name: str) -> int:
        text = request.POST.get(name, "").strip()
        if not text.isdecimal() or len(text) > 10:
            raise InvalidInput(_("Give whole numbers."))
        return int(text)

    return Limits(
        answers_running_max=whole("answers_running_max"),
        answers_waiting_max=whole("answers_waiting_max"),
        answers_per_person_max=whole("answers_per_person_max"),
        documents_max=whole("documents_max"),
        tokens_per_day=whole("tokens_per_day") if request.POST.get("tokens_per_day", "").strip() else None,
        allows_model_only=bool(request.POST.get("allows_model_only")),
    )
