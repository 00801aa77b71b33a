"""Replays of a draft policy: start one for a reason, watch it, read what it found, sign it off."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant.views import signed_in
from governance import models, people
from governance.audit import reading
from governance.errors import ChanceryError, InvalidInput, NotFound
from governance.policy import versions
from governance.policy.replay import runs
from governance.policy.replay.comparing import Change
from governance.policy.rules import Stage
from governance.scope import Scope

DAYS = 30


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The list and the form; a POST starts one."""
    if request.method != "POST":
        return _page(request, scope)
    sent = request.POST
    try:
        since, until = _day(sent.get("since")), _day(sent.get("until")) + timedelta(days=1)
        stages = [Stage(one) for one in sent.getlist("stage") if one in list(Stage)]
        row = runs.start(scope, _number(sent.get("version")), since, until, sent.get("reason", ""), stages)
    except ChanceryError as fault:
        if fault.status in {403, 404}:
            raise
        return _page(request, scope, fault=fault.message, status=fault.status)
    return redirect("replay", row.pk)


@never_cache
@require_GET
@signed_in.required
def replay(request: HttpRequest, scope: Scope, replay: uuid.UUID) -> HttpResponse:
    return render(request, "policy/replay.html", _context(scope, runs.get(scope, replay)))


@never_cache
@require_GET
@signed_in.required
def progress(request: HttpRequest, scope: Scope, replay: uuid.UUID) -> HttpResponse:
    """How far it is; once it is at its end, the whole page comes anew."""
    row = runs.get(scope, replay)
    if not row.is_under_way:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "policy/replay_progress.html", {"replay": row})


@require_POST
@signed_in.required
def stop(request: HttpRequest, scope: Scope, replay: uuid.UUID) -> HttpResponse:
    runs.cancel(scope, replay)
    return redirect("replay", replay)


@require_POST
@signed_in.required
def sign_off(request: HttpRequest, scope: Scope, replay: uuid.UUID) -> HttpResponse:
    try:
        runs.sign_off(scope, replay)
    except ChanceryError as fault:
        if fault.status in {403, 404} and fault.code in {"forbidden", "not_found"}:
            raise
        context = _context(scope, runs.get(scope, replay)) | {"fault": fault.message}
        return render(request, "policy/replay.html", context, status=fault.status)
    return redirect("replay", replay)


@require_GET
@signed_in.required
def report(request: HttpRequest, scope: Scope, replay: uuid.UUID) -> HttpResponse:
    """The exact bytes whose SHA-256 the page names."""
    row = runs.get(scope, replay)
    if row.report is None:
        raise NotFound("There is no report of it yet.")
    response = HttpResponse(bytes(row.report), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="replay-{row.pk}.json"'
    return response


def _page(request: HttpRequest, scope: Scope, *, fault: str = "", status: int = 200) -> HttpResponse:
    rows = runs.listed(scope)
    names = people.names(scope, {row.person for row in rows})
    today = datetime.now(UTC).date()
    context = {
        "room": "policy",
        "rows": [(row, names.get(row.person, "")) for row in rows],
        "versions": [row for row in versions.listed(scope) if row.state != versions.State.DISCARDED],
        "stages": [(stage, not request.POST or stage in request.POST.getlist("stage")) for stage in Stage],
        "since": request.POST.get("since") or (today - timedelta(days=DAYS)).isoformat(),
        "until": request.POST.get("until") or today.isoformat(),
        "chosen": request.POST.get("version") or request.GET.get("version", ""),
        "reason": request.POST.get("reason", ""),
        "reason_shortest": reading.REASON_SHORTEST,
        "reason_longest": reading.REASON_LONGEST,
        "fault": fault,
    }
    return render(request, "policy/replays.html", context, status=status)


def _context(scope: Scope, row: models.PolicyReplay) -> dict[str, Any]:
    found = json.loads(bytes(row.report)) if row.report is not None else None
    names = people.names(scope, {one for one in (row.person, row.signed_by) if one})
    context: dict[str, Any] = {
        "room": "policy",
        "replay": row,
        "who": names.get(row.person, ""),
        "signed_who": names.get(row.signed_by, "") if row.signed_by else "",
        "is_draft": _is_draft(scope, row),
        "last_day": row.until - timedelta(microseconds=1),
    }
    return context | (_told(found) if found else {})


def _is_draft(scope: Scope, row: models.PolicyReplay) -> bool:
    """Is what was replayed still a draft, to the letter?"""
    return any(
        one.pk == row.draft and one.state == versions.State.DRAFT and one.sha256 == row.draft_sha256
        for one in versions.listed(scope)
    )


def _told(found: dict[str, Any]) -> dict[str, Any]:
    """The report in the order in which it is read: the gravest change first, and of each the rule that makes most of it."""
    changes = [change for change in Change if change is not Change.UNCHANGED]
    return {
        "report": found,
        "changes": [(str(change), found["changes"].get(str(change), 0)) for change in Change],
        "read": sum(one["read"] for one in found["texts"].values()),
        "unreadable": sum(one["unreadable"] for one in found["texts"].values()),
        "columns": [str(change) for change in changes],
        "rules": [
            (rule, [counted.get(str(change), 0) for change in changes])
            for rule, counted in sorted(found["rules"].items(), key=lambda one: (-sum(one[1].values()), one[0]))
        ],
        "examples": [
            (str(change), sorted(found["examples"][str(change)].items()))
            for change in changes
            if str(change) in found["examples"]
        ],
    }


def _day(text: str | None) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text or ""), time(), UTC)
    except ValueError:
        raise InvalidInput(_("A day is written like 2026-03-31.")) from None


def _number(text: str | None) -> int:
    if not text or not text.isdecimal() or len(text) > 9:
        raise InvalidInput(_("Choose a version of the policy."))
    return int(text)
