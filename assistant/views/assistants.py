"""Assistants: the page where one asks one of them, and the room where an admin composes them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant import models
from assistant.conversations import assistants
from assistant.conversations.assistants import Draft
from assistant.views import conversations, signed_in
from assistant.views.parsing import parsed_id
from governance import groups
from governance.errors import Conflict, InvalidInput
from governance.models import Group
from governance.scope import Scope
from inference import runners
from ingestion import catalog
from ingestion.models import Collection


@require_GET
@signed_in.required
def assistant(request: HttpRequest, scope: Scope, assistant: uuid.UUID) -> HttpResponse:
    """Where it is asked: this address is what is handed on, and opens for whoever it is for."""
    return conversations.welcome(request, scope, assistants.get(scope, assistant))


@require_http_methods(["GET", "HEAD"])
@signed_in.required
def listed(request: HttpRequest, scope: Scope) -> HttpResponse:
    rows, inside, among = assistants.every(scope), _names(catalog.listed(scope)), _names(groups.listed(scope))
    for row in rows:
        row.looks_in = sorted(inside[one] for one in row.collections if one in inside)
        row.found_by = sorted(among[one] for one in row.groups if one in among)
    return render(request, "assistants/page.html", {"room": "admin", "part": "assistants", "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def new(request: HttpRequest, scope: Scope) -> HttpResponse:
    if request.method != "POST":
        return _form(request, scope, Draft("", is_for_all=True))
    draft = _draft(request.POST)
    try:
        row = assistants.compose(scope, draft)
    except (InvalidInput, Conflict) as fault:
        return _form(request, scope, draft, fault=fault.message, status=fault.status)
    messages.success(request, _("“%(name)s” takes questions now.") % {"name": row.name}, extra_tags="good")
    return redirect("assistants")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def composed(request: HttpRequest, scope: Scope, assistant: uuid.UUID) -> HttpResponse:
    row = assistants.composed(scope, assistant)
    if request.method != "POST":
        return _form(request, scope, _drafted(row), row)
    draft = _draft(request.POST)
    try:
        assistants.change(scope, assistant, draft)
    except (InvalidInput, Conflict) as fault:
        return _form(request, scope, draft, row, fault=fault.message, status=fault.status)
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("assistants")


@require_POST
@signed_in.required
def delete(request: HttpRequest, scope: Scope, assistant: uuid.UUID) -> HttpResponse:
    assistants.delete(scope, assistant)
    messages.success(request, _("The assistant was deleted. Conversations with it stay readable."), extra_tags="good")
    return redirect("assistants")


def _form(
    request: HttpRequest,
    scope: Scope,
    draft: Draft,
    row: models.Composed | None = None,
    *,
    status: int = 200,
    fault: str = "",
) -> HttpResponse:
    if row is None:
        assistants.every(scope)  # whoever may not compose sees no form either
    context: dict[str, Any] = {"room": "admin", "part": "assistants", "draft": draft, "row": row, "fault": fault}
    context |= {"collections": catalog.listed(scope), "groups": groups.listed(scope), "models": runners.further_chats()}
    context |= {"starters": "\n".join(draft.starters), "origins": "\n".join(draft.origins)}
    if row is not None:
        context["script"] = request.build_absolute_uri(static("js/widget.js"))
    return render(request, "assistants/form.html", context, status=status)


def _names(rows: Iterable[Collection | Group]) -> dict[uuid.UUID, str]:
    return {row.pk: row.name for row in rows}


def _draft(sent: QueryDict) -> Draft:
    return Draft(
        name=sent.get("name", ""),
        summary=sent.get("summary", ""),
        instruction=sent.get("instruction", ""),
        collections=[parsed_id(one) for one in sent.getlist("collections")],
        model=sent.get("model", ""),
        starters=sent.get("starters", "").splitlines(),
        is_for_all=sent.get("audience") == "all",
        groups=[parsed_id(one) for one in sent.getlist("groups")],
        is_on="is_on" in sent,
        origins=sent.get("origins", "").splitlines(),
    )


def _drafted(row: models.Composed) -> Draft:
    return Draft(**{one.name: getattr(row, one.name) for one in fields(Draft)})
