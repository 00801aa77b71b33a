"""The search index and the change to another embedding model: built, tried on questions, switched to and back, retired."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant.views import signed_in
from governance import access
from governance.actions import Action
from governance.audit import reading
from governance.errors import ChanceryError, InvalidInput
from governance.scope import Scope
from ingestion import indexes
from ingestion.indexes import comparing
from ingestion.models import IndexState

AT_WORK = {IndexState.BUILDING, IndexState.RETIRING}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """What there is, and the form; a POST begins to build."""
    if request.method != "POST":
        return _page(request, scope)
    try:
        indexes.build(scope, request.POST.get("embedder", ""))
    except ChanceryError as fault:
        if fault.status == 403:
            raise
        return _page(request, scope, fault=fault.message, status=fault.status)
    return redirect("indexes")


@never_cache
@require_GET
@signed_in.required
def progress(request: HttpRequest, scope: Scope) -> HttpResponse:
    """How far it is; at its end the whole page comes anew."""
    row = next((row for row in indexes.listed(scope) if row.state in AT_WORK), None)
    if row is None:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "admin/index_progress.html", {"row": row})


@require_POST
@signed_in.required
def change(request: HttpRequest, scope: Scope, index: uuid.UUID) -> HttpResponse:
    """Pause it, let it go on, switch to it or give it up."""
    deed = indexes.CHANGES.get(request.POST.get("deed", ""))
    try:
        if deed is None:
            indexes.get(scope, index)
            raise InvalidInput(_("Say what is to become of the index."))
        row = deed(scope, index)
    except ChanceryError as fault:
        if fault.status in {403, 404}:
            raise
        return _page(request, scope, fault=fault.message, status=fault.status)
    if row.state == IndexState.LIVE:
        messages.success(request, _("From now on questions are answered from this index."), extra_tags="good")
    return redirect("indexes")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def compare(request: HttpRequest, scope: Scope, index: uuid.UUID) -> HttpResponse:
    """A form for the questions; a POST asks them of both and shows what came."""
    row = indexes.get(scope, index)
    context = {
        "room": "admin",
        "part": "index",
        "row": row,
        "live": indexes.live(scope),
        "written": request.POST.get("questions", ""),
        "reason": request.POST.get("reason", ""),
        "may_open": access.decide(scope, Action.RECORD_OPEN).allowed,
        "reason_shortest": reading.REASON_SHORTEST,
        "reason_longest": reading.REASON_LONGEST,
        "questions_most": comparing.QUESTIONS_MOST,
        "top": comparing.TOP,
    }
    if request.method != "POST":
        return render(request, "admin/index_compare.html", context)
    try:
        if "everyone" in request.POST:
            found = comparing.everyones(scope, index, request.POST.get("reason", ""))
        else:
            found = comparing.own(scope, index, request.POST.get("questions", "").splitlines())
    except ChanceryError as fault:
        if fault.status in {403, 404}:
            raise
        return render(request, "admin/index_compare.html", context | {"fault": fault.message}, status=fault.status)
    return render(request, "admin/index_compare.html", context | {"found": found})


def _page(request: HttpRequest, scope: Scope, *, fault: str = "", status: int = 200) -> HttpResponse:
    rows = indexes.listed(scope)
    context = {
        "room": "admin",
        "part": "index",
        "rows": rows,
        "choices": indexes.choices(scope),
        "at_work": next((row for row in rows if row.state in AT_WORK), None),
        "is_free": all(row.state in {IndexState.LIVE, IndexState.RETIRED} for row in rows),
        "fault": fault,
    }
    return render(request, "admin/indexes.html", context, status=status)
