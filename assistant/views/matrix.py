"""Who may do what, on one page: collections by holders. For admins all of them, for a manager their own."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from assistant import rights
from assistant.views import signed_in, tables, undoing
from governance.scope import Scope


@require_GET
@signed_in.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    words, who = tables.words(request), tables.words(request, "who")
    found = rights.matrix(scope, words, who, tables.number(request), tables.number(request, "across"))
    context = {"room": "admin", "part": "access", "matrix": found, "words": words, "who": who}
    return render(request, "admin/access.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def cell(request: HttpRequest, scope: Scope, collection: uuid.UUID, kind: str, holder: uuid.UUID) -> HttpResponse:
    """What one holder may do with one collection, to look at and to change; a part of the page where a script asks."""
    if request.method != "POST":
        found, decisions, members = rights.cell(scope, collection, kind, holder)
        context = {"room": "admin", "part": "access", "cell": found, "decisions": decisions, "members": members}
        ends = [held.until for held in found.held if held.until]
        context |= {"choice": rights.choice_of(found.held), "is_mine": holder == scope.actor}
        context |= {
            "as_it_is": rights.undone_by(found.held),
            "ends": ends[0] if len(found.held) == 1 and ends else None,
        }
        return render(request, "admin/cell_form.html" if signed_in.is_part(request) else "admin/cell.html", context)
    choice, until = request.POST.get("choice", ""), request.POST.get("until")
    now, before = rights.change(scope, collection, kind, holder, choice, until)
    said = _("%(name)s, %(collection)s: changed.") % {"name": now.party.name, "collection": now.collection_name}
    undo = undoing.Undo(said, reverse("access-cell", args=[collection, kind, holder]), {"choice": before})
    if signed_in.is_part(request):
        return render(request, "admin/cell_changed.html", {"cell": now, "undo": undo})
    undoing.offer(request, undo)
    return redirect("access")
