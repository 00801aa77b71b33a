"""The record in numbers: how it is sealed and verified, what happened by day, and which rules spoke."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from assistant.showing import plots
from assistant.showing.plots import Plot
from assistant.usage import STATUSES
from assistant.views import signed_in
from governance.audit import figures
from governance.audit.figures import Figures
from governance.scope import Scope

VERDICTS = ("flag", "redact", "block")


@require_GET
@signed_in.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    wanted = request.GET.get("days", "")
    span = next((days for days in figures.SPANS if str(days) == wanted), figures.SPANS[0])
    found = figures.over(scope, span)
    context = {
        "room": "record",
        "part": "overview",
        "figures": found,
        "spans": figures.SPANS,
        "seal": figures.seal(scope),
        "plots": _plots(found),
        "tiles": [
            (_("Events"), found.total("events"), ""),
            (_("Questions"), found.total("questions"), "kind=questions"),
            (_("Answered"), found.ends("answered"), "outcome=answered"),
            (_("No evidence found"), found.ends("refused"), "outcome=refused"),
            (_("Blocked"), found.ends("blocked"), "outcome=troubled"),
            (_("Turned away"), found.total("denied"), "outcome=denied"),
            (_("Looks into the record"), found.total("looks"), "kind=record"),
        ],
        "rows": [_row(day) for day in found.days],
    }
    return render(request, "record/overview.html", context)


def _plots(found: Figures) -> list[Plot]:
    days = [one.day for one in found.days]
    ends = {
        str(status): [one.ends[status] for one in found.days]
        for status in STATUSES
        if any(one.ends[status] for one in found.days)
    }
    verdicts = {
        verdict: [one.verdicts[verdict] for one in found.days] for verdict in VERDICTS if found.verdicts(verdict)
    }
    return [
        plots.plot("events", _("Events"), days, {"events": [one.events for one in found.days]}),
        plots.plot("ends", _("Answers by how they ended"), days, ends, is_told_apart=True),
        plots.plot("verdicts", _("What policy had something against"), days, verdicts, is_told_apart=True),
        plots.plot("denied", _("Turned away"), days, {"denied": [one.denied for one in found.days]}),
    ]


def _row(day: figures.Day) -> list[object]:
    return [
        day.day.isoformat(), day.events, day.questions, day.ends["answered"], day.ends["refused"], day.ends["blocked"],
        *(day.verdicts[verdict] for verdict in VERDICTS), day.denied, day.looks,
    ]  # fmt: skip
