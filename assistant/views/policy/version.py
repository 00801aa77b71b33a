"""One version: its rules, what it changes, what it says of a text, and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from assistant.views import confirming, signed_in
from assistant.views.policy import marks, room
from governance import access, tenants
from governance.actions import Action
from governance.errors import Conflict, InvalidInput
from governance.models import PolicyVersion
from governance.policy import builtin, changes, drafts, enforcement, publishing, versions
from governance.policy.rules import Rule, Stage
from governance.scope import Scope
from governance.sentence import sentence

LONGEST_TRIAL = 20_000  # characters


@dataclass(frozen=True)
class Told:
    """One rule on the page, and what the version does to it beside what is in force: added, changed, or nothing."""

    rule: Rule
    change: str


@require_GET
@signed_in.required
def page(request: HttpRequest, scope: Scope, number: int) -> HttpResponse:
    return show(request, scope, number)


@require_POST
@signed_in.required
def note(request: HttpRequest, scope: Scope, number: int) -> HttpResponse:
    return _done(request, scope, number, lambda: versions.describe(scope, number, request.POST.get("note", "")))


@require_POST
@signed_in.required
def attempt(request: HttpRequest, scope: Scope, number: int) -> HttpResponse:
    """What the version says of a text that goes nowhere."""
    text, stage = request.POST.get("text", ""), request.POST.get("stage", "")
    policy = versions.compiled(versions.get(scope, number))
    context: dict[str, Any] = {"text": text, "stage": stage}
    try:
        verdict = enforcement.try_out(scope, _stage(stage), _checked(text), policy)
    except InvalidInput as fault:
        return show(request, scope, number, status=fault.status, trial_fault=fault.message, **context)
    context |= {"verdict": verdict, "marked": marks.marked(text, verdict)}
    if signed_in.is_part(request):
        return render(request, "policy/tried.html", context)
    return show(request, scope, number, **context)


@require_POST
@signed_in.required
def fixtures(request: HttpRequest, scope: Scope, number: int) -> HttpResponse:
    report = publishing.tried(scope, number)
    if signed_in.is_part(request):
        return render(request, "policy/report.html", {"report": report, "number": number})
    return show(request, scope, number, report=report)


@require_GET
@signed_in.required
def compared(request: HttpRequest, scope: Scope, number: int) -> HttpResponse:
    """What it changes beside another version: the one it is based on, unless another is chosen."""
    row, listed = versions.get(scope, number), versions.listed(scope)
    others = [one for one in listed if one.number != number]
    asked = request.GET.get("since", "") or str(row.based_on or "")
    before = next((one for one in others if str(one.number) == asked), None)
    context: dict[str, Any] = {"room": "policy", "version": row, "others": others, "before": before}
    if before is not None:
        found = changes.between(versions.rules_of(before), versions.rules_of(row))
        context["changes"] = [marks.told(one) for one in found]
    return render(request, "policy/changes.html", context)


@require_POST
@signed_in.required
def add_builtin(request: HttpRequest, scope: Scope, number: int) -> HttpResponse:
    return _done(request, scope, number, lambda: drafts.complete(scope, number))


@require_POST
@signed_in.required
def submit(request: HttpRequest, scope: Scope, number: int) -> HttpResponse:
    said = _("It is submitted. Another admin can publish it now.")
    return _done(request, scope, number, lambda: publishing.submit(scope, number), said)


@require_POST
@signed_in.required
@confirming.required
def publish(request: HttpRequest, scope: Scope, number: int) -> HttpResponse:
    sha256 = request.POST.get("sha256", "")
    said = _("It is published, and holds from now on.")
    return _done(request, scope, number, lambda: publishing.publish(scope, number, sha256), said)


@require_POST
@signed_in.required
@confirming.required
def restore(request: HttpRequest, scope: Scope, number: int) -> HttpResponse:
    sent = request.POST.get("note", "")
    return _done(request, scope, number, lambda: publishing.restore(scope, number, sent))


@require_POST
@signed_in.required
def discard(request: HttpRequest, scope: Scope, number: int) -> HttpResponse:
    versions.discard(scope, number)
    messages.success(request, _("The draft is discarded."), extra_tags="good")
    return redirect("policy")


def show(request: HttpRequest, scope: Scope, number: int, status: int = 200, **context: Any) -> HttpResponse:
    row = versions.get(scope, number)
    rules, held = versions.rules_of(row), versions.in_force(scope)
    differing = {one.rule: str(one.kind) for one in changes.between(held.rules, rules)}
    is_draft = row.state == versions.State.DRAFT
    may_manage = access.decide(scope, Action.POLICY_MANAGE).allowed
    context |= {
        "room": "policy",
        "version": row,
        "rules": [Told(rule, differing.get(rule.name, "") if is_draft else "") for rule in rules],
        "removed": [rule for rule in held.rules if differing.get(rule.name) == "removed"] if is_draft else [],
        "changed": len(differing),
        "in_force": held.stamp.number,
        "names": room.names(scope, [row]),
        "stages": list(Stage),
        "missing": builtin.missing(rules) if is_draft else [],
        "may_manage": may_manage,
        "may_edit": may_manage and is_draft,
        "may_publish": may_manage and publishing.may_publish(scope, row),
        "needs_second": tenants.current(scope).policy_needs_second,
    }
    return render(request, "policy/version.html", context, status=status)


def _done(
    request: HttpRequest, scope: Scope, number: int, deed: Callable[[], PolicyVersion], said: str = ""
) -> HttpResponse:
    """What it came to; a refusal stands on the version's page, with the test texts that failed."""
    try:
        row = deed()
    except (Conflict, InvalidInput, publishing.SecondPersonNeeded) as fault:
        report = getattr(fault, "report", None)
        return show(request, scope, number, status=fault.status, fault=fault.message, report=report)
    messages.success(request, said or _("Saved."), extra_tags="good")
    return redirect("policy-version", row.number)


def _stage(word: str) -> Stage:
    try:
        return Stage(word)
    except ValueError:
        raise InvalidInput("Choose where the text stands.") from None


def _checked(text: str) -> str:
    if not text.strip() or len(text) > LONGEST_TRIAL:
        raise InvalidInput(sentence("Give a text of 1 to %(most)s characters.", most=LONGEST_TRIAL))
    return text
