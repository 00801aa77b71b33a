"""One rule of a version: read by whoever may see the policy, written in a draft by an admin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assistant.conversations import assistants
from assistant.views import signed_in
from assistant.views.policy import forms
from governance import access, groups, labels
from governance.actions import Action as Permission
from governance.errors import Conflict, InvalidInput
from governance.policy import detectors, versions
from governance.policy.rules import Action, Stage
from governance.scope import Scope
from ingestion import catalog

FRESH: dict[str, Any] = {"name": "", "stages": ["input"], "action": "flag", "threshold": 0.6, "is_enabled": True}
ALWAYS_SURE = {"pattern", "judge", "every_text"}  # detectors that know no degrees


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def new(request: HttpRequest, scope: Scope, number: int) -> HttpResponse:
    """First what it looks for, then the form for that."""
    access.require(scope, Permission.POLICY_MANAGE)
    row = versions.get(scope, number)
    detector = request.GET.get("detector", "")
    if detector not in detectors.names():
        return render(request, "policy/detectors.html", {"room": "policy", "version": row, "names": detectors.names()})
    if request.method != "POST":
        return _form(request, scope, number, FRESH | {"detector": detector})
    return _saved(request, scope, number, detector, "")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def page(request: HttpRequest, scope: Scope, number: int, rule: str) -> HttpResponse:
    found = versions.rule_of(scope, number, rule)
    if request.method != "POST":
        return _form(request, scope, number, found, rule)
    access.require(scope, Permission.POLICY_MANAGE)
    return _saved(request, scope, number, found["detector"], rule)


@require_POST
@signed_in.required
def remove(request: HttpRequest, scope: Scope, number: int, rule: str) -> HttpResponse:
    versions.remove_rule(scope, number, rule)
    messages.success(request, _("%(rule)s is no longer in the draft.") % {"rule": rule}, extra_tags="good")
    return redirect("policy-version", number)


def _saved(request: HttpRequest, scope: Scope, number: int, detector: str, rule: str) -> HttpResponse:
    """`rule` is empty for a new one."""
    sent = forms.document(request.POST, detector)
    try:
        versions.put_rule(scope, number, sent, replaces=rule or None, is_new=not rule)
    except (InvalidInput, Conflict) as fault:
        where = fault.param or ("name" if isinstance(fault, Conflict) else "")
        told = {"fault": fault.message, "fault_at": where}
        return _form(request, scope, number, sent, rule, status=fault.status, **told)
    messages.success(request, _("%(rule)s is saved.") % {"rule": sent["name"]}, extra_tags="good")
    return redirect("policy-version", number)


def _form(
    request: HttpRequest,
    scope: Scope,
    number: int,
    document: Mapping[str, Any],
    rule: str = "",
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    row = versions.get(scope, number)
    chosen = document.get("scope", {})
    may_edit = row.state == versions.State.DRAFT and access.decide(scope, Permission.POLICY_MANAGE).allowed
    context |= {
        "room": "policy",
        "version": row,
        "rule": document,
        "was": rule,
        "may_edit": may_edit,
        "has_degrees": document["detector"] not in ALWAYS_SURE,
        "options": forms.options(document["detector"], document.get("options", {})),
        "fixtures": forms.shown(document) if may_edit else forms.shown(document)[: len(document["fixtures"])],
        "stages": list(Stage),
        "actions": [str(action) for action in Action],
        "collections": _marked(catalog.listed(scope), chosen.get("collections", ()), may_edit),
        "groups": _marked(groups.listed(scope), chosen.get("groups", ()), may_edit),
        "assistants": _marked(assistants.known(scope), chosen.get("assistants", ()), may_edit),
        "labels": labels.listed(scope),
        "label": chosen.get("label"),
    }
    return render(request, "policy/rule.html", context, status=status)


def _marked(rows: list[Any], chosen: Any, may_edit: bool) -> list[tuple[Any, bool]]:
    """With whether each is chosen; those who only read are shown the chosen ones."""
    found = [(row, str(row.pk) in chosen) for row in rows]
    return [one for one in found if may_edit or one[1]]
