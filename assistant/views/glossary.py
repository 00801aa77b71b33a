"""The tenant's glossary: what its abbreviations stand for, so that a search looks for both."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assistant.views import signed_in
from governance.errors import ChanceryError
from governance.scope import Scope
from ingestion import glossary


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """All of it, and the form; a POST adds a term."""
    if request.method != "POST":
        return _page(request, scope)
    try:
        row = glossary.add(scope, request.POST.get("term", ""), glossary.split(request.POST.get("meanings", "")))
    except ChanceryError as fault:
        return _refused(request, scope, fault)
    messages.success(request, _("“%(term)s” is searched for along with what it stands for.") % {"term": row.term})
    return redirect("glossary")


@require_POST
@signed_in.required
def entry(request: HttpRequest, scope: Scope, entry: uuid.UUID) -> HttpResponse:
    """Change it, or take it out."""
    try:
        if request.POST.get("deed") == "remove":
            glossary.remove(scope, entry)
        else:
            meanings = glossary.split(request.POST.get("meanings", ""))
            glossary.change(scope, entry, request.POST.get("term", ""), meanings)
    except ChanceryError as fault:
        return _refused(request, scope, fault, entry)
    return redirect("glossary")


def _refused(request: HttpRequest, scope: Scope, fault: ChanceryError, entry: uuid.UUID | None = None) -> HttpResponse:
    if fault.status in {403, 404}:
        raise fault
    return _page(request, scope, fault=fault.message, status=fault.status, entry=entry)


def _page(
    request: HttpRequest, scope: Scope, *, fault: str = "", status: int = 200, entry: uuid.UUID | None = None
) -> HttpResponse:
    context = {
        "room": "admin",
        "part": "glossary",
        "rows": glossary.listed(scope),
        "longest": glossary.NAME_MAX,
        "most": glossary.MEANINGS_MAX,
        "fault": fault,
        "entry": entry,
        "sent": request.POST,
    }
    return render(request, "admin/glossary.html", context, status=status)
