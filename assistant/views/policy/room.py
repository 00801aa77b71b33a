"""All versions, and whether it takes a second person to publish one."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assistant.views import confirming, signed_in
from governance import access, people, tenants
from governance.actions import Action
from governance.errors import Conflict, InvalidInput
from governance.models import PolicyVersion
from governance.policy import publishing, versions
from governance.scope import Scope


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The list; a POST begins a draft of what is in force."""
    if request.method != "POST":
        return _page(request, scope)
    try:
        made = versions.draft(scope, request.POST.get("note", ""))
    except (Conflict, InvalidInput) as fault:
        return _page(request, scope, status=fault.status, fault=fault.message)
    return redirect("policy-version", made.number)


@require_POST
@signed_in.required
@confirming.required
def second(request: HttpRequest, scope: Scope) -> HttpResponse:
    publishing.require_second(scope, bool(request.POST.get("is_needed")))
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("policy")


def names(scope: Scope, rows: Iterable[PolicyVersion]) -> dict[uuid.UUID, str]:
    """Of everybody who had a hand in them, as far as they are still here."""
    known = {one for row in rows for one in (row.made_by, row.submitted_by, row.published_by, *row.authors) if one}
    return people.names(scope, known)


def _page(request: HttpRequest, scope: Scope, status: int = 200, **context: object) -> HttpResponse:
    listed = versions.listed(scope)
    context |= {
        "room": "policy",
        "versions": listed,
        "in_force": next((row for row in listed if row.state == versions.State.PUBLISHED), None),
        "draft": next((row for row in listed if row.state == versions.State.DRAFT), None),
        "names": names(scope, listed),
        "may_manage": access.decide(scope, Action.POLICY_MANAGE).allowed,
        "needs_second": tenants.current(scope).policy_needs_second,
    }
    return render(request, "policy/page.html", context, status=status)
