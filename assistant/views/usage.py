"""How much the tenant uses: plots, the same as tables, and as CSV."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from assistant import usage
from assistant.showing import plots
from assistant.views import signed_in
from governance import spreadsheet
from governance.scope import Scope


@require_GET
@signed_in.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    found = usage.over(scope, _days(request))
    context = {"room": "admin", "part": "usage", "usage": found, "plots": plots.of(found), "spans": usage.SPANS}
    context["rows"] = usage.table(found, "days")[1]
    return render(request, "admin/usage.html", context)


@require_GET
@signed_in.required
def download(request: HttpRequest, scope: Scope, what: str) -> HttpResponse:
    head, rows = usage.table(usage.over(scope, _days(request)), what)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="usage-{what}.csv"'
    response.writelines(spreadsheet.row(values) for values in (head, *rows))
    return response


def _days(request: HttpRequest) -> int:
    wanted = request.GET.get("days", "")
    return next((days for days in usage.SPANS if str(days) == wanted), usage.SPANS[1])
