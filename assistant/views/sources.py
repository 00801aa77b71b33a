"""Sources of a collection: set up, watched, asked to run, paused, answered, and removed."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant.views import shelves, signed_in, tables
from governance import spreadsheet
from governance.errors import InvalidInput, NotFound
from governance.scope import Scope
from ingestion.connectors import KINDS
from ingestion.models import SourceState
from ingestion.sources import drift as drifting
from ingestion.sources import items, registry, runs

DRIFT_HEAD = ("finding", "key", "name", "document")


@require_GET
@signed_in.required
def listed(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    states = registry.listed(scope, collection)
    context = {"room": "library", "shelf": shelves.get(scope, collection), "states": states, "kinds": KINDS.values()}
    return render(request, "library/sources/listed.html", context)


@require_GET
@signed_in.required
def source(request: HttpRequest, scope: Scope, collection: uuid.UUID, source: uuid.UUID) -> HttpResponse:
    state = registry.get(scope, collection, source)
    if signed_in.is_part(request):
        if _is_busy(state):
            return render(request, "library/sources/standing.html", {"state": state})
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {
        "room": "library",
        "shelf": shelves.get(scope, collection),
        "state": state,
        "kind": KINDS[state.row.kind],
        "runs": registry.history(scope, collection, source),
        "page": items.troubled(scope, collection, source, tables.number(request)),
    }
    return render(request, "library/sources/source.html", context)


@require_POST
@signed_in.required
def run(request: HttpRequest, scope: Scope, collection: uuid.UUID, source: uuid.UUID) -> HttpResponse:
    registry.ask(scope, collection, source)
    messages.success(request, _("It is looked at within seconds."), extra_tags="good")
    return redirect("source", collection, source)


@require_POST
@signed_in.required
def pause(request: HttpRequest, scope: Scope, collection: uuid.UUID, source: uuid.UUID) -> HttpResponse:
    registry.pause(scope, collection, source)
    return redirect("source", collection, source)


@require_POST
@signed_in.required
def resume(request: HttpRequest, scope: Scope, collection: uuid.UUID, source: uuid.UUID) -> HttpResponse:
    registry.resume(scope, collection, source)
    return redirect("source", collection, source)


@require_POST
@signed_in.required
def answer(request: HttpRequest, scope: Scope, collection: uuid.UUID, source: uuid.UUID) -> HttpResponse:
    registry.require(scope, collection)
    registry.answer(scope, collection, source, removes=_is_delete(request))
    return redirect("source", collection, source)


@require_POST
@signed_in.required
def delete(request: HttpRequest, scope: Scope, collection: uuid.UUID, source: uuid.UUID) -> HttpResponse:
    registry.require(scope, collection)
    registry.delete(scope, collection, source, documents=_is_delete(request))
    messages.success(request, _("The source was removed."), extra_tags="good")
    return redirect("sources", collection)


@require_POST
@signed_in.required
def item(request: HttpRequest, scope: Scope, collection: uuid.UUID, source: uuid.UUID, item: uuid.UUID) -> HttpResponse:
    (items.keep if request.POST.get("do") == "keep" else items.again)(scope, collection, source, item)
    return redirect("source", collection, source)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def drift(request: HttpRequest, scope: Scope, collection: uuid.UUID, source: uuid.UUID) -> HttpResponse:
    """The last report; a POST has another one made."""
    if request.method == "POST":
        registry.ask(scope, collection, source, runs.LOOK)
        return redirect("source-drift", collection, source)
    state = registry.get(scope, collection, source)
    if signed_in.is_part(request):
        return HttpResponse(status=204) if _is_busy(state) else HttpResponse(headers={"HX-Refresh": "true"})
    row = registry.drifted(scope, collection, source)
    report = row.report if row else None
    context = {"room": "library", "shelf": shelves.get(scope, collection), "state": state, "run": row, "report": report}
    context["lines"] = [(drifting.SAYS[one.finding], one) for one in drifting.read(report)] if report else []
    context["is_busy"] = _is_busy(state)
    return render(request, "library/sources/drift.html", context)


@require_GET
@signed_in.required
def drift_file(request: HttpRequest, scope: Scope, collection: uuid.UUID, source: uuid.UUID) -> HttpResponse:
    row = registry.drifted(scope, collection, source)
    if row is None or row.report is None:
        raise NotFound(_("There is no report yet."))
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="drift.csv"'
    lines = ((one.finding, one.key, one.name, one.document) for one in drifting.read(row.report))
    response.writelines(spreadsheet.row(values) for values in (DRIFT_HEAD, *lines))
    return response


def _is_busy(state: registry.State) -> bool:
    return bool(state.row.wanted or state.row.run or state.row.state == SourceState.ENDING)


def _is_delete(request: HttpRequest) -> bool:
    wanted = request.POST.get("documents", "")
    if wanted not in {"keep", "delete"}:
        raise InvalidInput(_("Say what is to become of the documents."))
    return wanted == "delete"
