"""How long each class is kept, what would go by other periods, what has gone, and what people are told of who looked."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assistant.views import signed_in
from governance import access, tenants
from governance.actions import Action
from governance.audit.lifecycle import retention
from governance.audit.lifecycle.classes import Class
from governance.errors import InvalidInput
from governance.scope import Scope
from ingestion.documents import binned


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """A POST saves, or with `try` only says what would go."""
    access.require(scope, Action.RETENTION_SEE)
    if request.method != "POST":
        return _page(request, scope)
    try:
        wanted = {one: _days(request.POST.get(one, "")) for one in Class}
        if "try" in request.POST:
            return _page(request, scope, typed=wanted, dry=retention.dry_run(scope, wanted), is_tried=True)
        retention.change_all(scope, wanted)
    except InvalidInput as fault:
        return _page(request, scope, status=fault.status, fault=fault.message)
    messages.success(request, _("Saved. A shorter period counts from a week later on."), extra_tags="good")
    return redirect("retention")


@require_POST
@signed_in.required
def telling(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Whether people are told who read their words, and why."""
    access.require(scope, Action.RETENTION_SET)
    told = {name: bool(request.POST.get(name)) for name in ("names_officers", "tells_reasons")}
    tenants.write(scope, told)
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("retention")


@require_POST
@signed_in.required
def deleted(request: HttpRequest, scope: Scope) -> HttpResponse:
    """How many days a deleted document can be restored."""
    days = _days(request.POST.get("bin_days", ""))
    if days is None:
        raise InvalidInput("Give whole days; 0 erases at once.")
    binned.keep_for(scope, days)
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("retention")


def _page(request: HttpRequest, scope: Scope, status: int = 200, **context: object) -> HttpResponse:
    typed, dry = context.pop("typed", None), context.pop("dry", [])
    would = {one.of: one for one in dry}  # type: ignore[attr-defined]
    periods = retention.periods(scope)
    context |= {
        "room": "kept",
        "part": "retention",
        "lines": [
            (kept, typed[one] if typed is not None else kept.next_days or kept.days, would.get(one))  # type: ignore[index]
            for one, kept in periods.items()
        ],
        "runs": retention.runs(scope),
        "tenant": tenants.current(scope),
        "is_set": any(kept.days or kept.next_days for kept in periods.values()),
    }
    return render(request, "lifecycle/retention.html", context, status=status)


def _days(typed: str) -> int | None:
    """Nothing is for good."""
    text = typed.strip()
    if not text:
        return None
    if not text.isdecimal() or len(text) > 6:
        raise InvalidInput("Give whole days, or nothing for no end.")
    return int(text)
