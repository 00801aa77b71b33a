"""A collection's question set: written, asked, and what came of it, for whoever manages the collection."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from assistant.evaluation import figures, rows, runs, sets
from assistant.evaluation.figures import Figure
from assistant.evaluation.rows import Row
from assistant.models import RunState, SetRun
from assistant.showing import plots, wording
from assistant.showing.plots import Plot
from assistant.views import shelves, signed_in
from governance.errors import Busy, Conflict, InvalidInput, Unavailable
from governance.scope import Scope

FILE_MOST = 5_000_000  # bytes
DRAWN = 20  # runs of a plot
MISSED = 30
# What the portal shows of figures.KINDS, as it is called there.
SAYS = {
    "both.hit5": noop("A right document among the first five"),
    "both.ndcg10": noop("nDCG@10"),
    "both.mrr": noop("MRR"),
    "evidence.refusals": noop("Held back, of the unanswerable"),
    "evidence.false": noop("Held back, of the answerable"),
    "facts": noop("Facts present in the answer"),
    "citations.first": noop("First citation is right"),
    "citations.precision": noop("Citations that are right"),
    "unsupported": noop("Sentences without support"),
    "refusals": noop("Refused, of the unanswerable"),
    "refusals.false": noop("Refused, of the answerable"),
    "first_ms": noop("First words after"),
    "whole_ms": noop("Whole answer after"),
}


@require_GET
@signed_in.required
def page(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    with scope.transaction():  # one for all that is read here
        past, shelf = runs.history(scope, collection), shelves.get(scope, collection)
        questions = sets.listed(scope, collection)
    context = {
        "room": "library",
        "shelf": shelf,
        "questions": questions,
        "runs": past,
        "is_under_way": any(one.state == RunState.RUNNING for one in past),
        "plots": _plots([one for one in past if one.state == RunState.DONE][:DRAWN][::-1]),
        "most": sets.QUESTIONS_MOST,
    }
    return render(request, "library/questions/page.html", context)


@require_POST
@signed_in.required
def add(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    told: dict[str, Any] = {"question": request.POST.get("question", ""), "kind": request.POST.get("kind", "").strip()}
    told |= {name: _lines(request, name) for name in ("documents", "facts")}
    if "unanswerable" in request.POST:
        told["unanswerable"] = True
    try:
        sets.add(scope, collection, told)
    except InvalidInput as fault:
        messages.error(request, _without_a_line(wording.translated(fault.message)), extra_tags="bad")
    return redirect("questions", collection)


@require_POST
@signed_in.required
def bring(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    sets.require(scope, collection)
    file = request.FILES.get("file")
    try:
        if file is None or file.size is None or file.size > FILE_MOST:
            raise InvalidInput(_("Choose a file of JSON lines, of 5 MB at most."))
        amount = sets.put(scope, collection, file.read().decode("utf-8-sig"))
        said = ngettext("%(n)s question was taken in.", "%(n)s questions were taken in.", amount) % {"n": amount}
        messages.success(request, said, extra_tags="good")
    except UnicodeDecodeError:
        messages.error(request, _("The file is not UTF-8 text."), extra_tags="bad")
    except InvalidInput as fault:
        messages.error(request, wording.translated(fault.message), extra_tags="bad")
    return redirect("questions", collection)


@require_GET
@signed_in.required
def file(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    written = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in sets.lines(scope, collection))
    response = HttpResponse(written, content_type="application/jsonl; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="questions.jsonl"'
    return response


@require_POST
@signed_in.required
def drop(request: HttpRequest, scope: Scope, collection: uuid.UUID, question: uuid.UUID) -> HttpResponse:
    sets.drop(scope, collection, question)
    return redirect("questions", collection)


@require_POST
@signed_in.required
def start(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    try:
        row = runs.start(scope, collection, answers="answers" in request.POST)
    except (InvalidInput, Conflict, Busy, Unavailable) as fault:
        messages.error(request, wording.translated(fault.message), extra_tags="bad")
        return redirect("questions", collection)
    return redirect("evaluation", collection, row.pk)


@require_POST
@signed_in.required
def stop(request: HttpRequest, scope: Scope, collection: uuid.UUID, run: uuid.UUID) -> HttpResponse:
    runs.stop(scope, collection, run)
    return redirect("evaluation", collection, run)


@require_GET
@signed_in.required
def run(request: HttpRequest, scope: Scope, collection: uuid.UUID, run: uuid.UUID) -> HttpResponse:
    row = runs.get(scope, collection, run)
    if signed_in.is_part(request):
        if row.state == RunState.RUNNING:
            return render(request, "library/questions/progress.html", {"run": row})
        return HttpResponse(headers={"HX-Refresh": "true"})
    there, other = runs.read(scope, row).rows, runs.before(scope, row)
    asked = runs.questions(scope, row)
    context = {
        "room": "library",
        "shelf": shelves.get(scope, collection),
        "run": row,
        "figures": _figures(there, runs.changes(scope, other, row) if other else []),
        "kinds": _kinds(there),
        "other": other,
        "names_documents": any(one.relevant for one in there),
        "missed": [(asked.get(one.id, one.id), one) for one in there if one.is_missed][:MISSED],
    }
    return render(request, "library/questions/run.html", context)


def _figures(
    there: Sequence[Row], changes: Sequence[figures.Change]
) -> list[tuple[str, Figure, figures.Change | None]]:
    """Each with what it was before, question by question."""
    changed = {one.key: one for one in changes}
    return [(_(SAYS[one.key]), one, changed.get(one.key)) for one in figures.of(there) if one.key in SAYS]


def _kinds(there: Sequence[Row]) -> list[tuple[str, int, str, str, str, str]]:
    """Kind, questions, and the shares found, of facts, refused rightly and refused wrongly as they are shown; nothing where
    all are of one kind. Where nothing was answered, what the evidence holds back would be refused.
    """
    kinds = rows.by_kind(there)
    if len(kinds) < 2:
        return []
    found = []
    for kind, of in kinds.items():
        shown = {one.key: number_format(one.mean.value, 3) for one in figures.of(of)}
        rightly = shown.get("refusals") or shown.get("evidence.refusals", "")
        wrongly = shown.get("refusals.false") or shown.get("evidence.false", "")
        found.append((kind, len(of), shown.get("both.hit5", ""), shown.get("facts", ""), rightly, wrongly))
    return found


def _plots(past: Sequence[SetRun]) -> list[Plot]:
    drawn = []
    for name in ("both.hit5", "facts"):
        points = [
            (date_format(one.created_at, "MONTH_DAY_FORMAT"), one.figures[name][0])
            for one in past
            if name in one.figures
        ]
        if len(points) > 1:
            drawn.append(plots.shares(name.replace(".", "-"), _(SAYS[name]), points))
    return drawn


def _lines(request: HttpRequest, name: str) -> list[str]:
    return [one.strip() for one in request.POST.get(name, "").splitlines() if one.strip()]


def _without_a_line(said: str) -> str:
    """A form has one question: there is no line to name."""
    return said.partition(": ")[2] or said
