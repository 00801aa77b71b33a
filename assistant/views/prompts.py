"""The library of prompts: a page of it, and the list that the question's box offers."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant.conversations import prompts
from assistant.views import signed_in
from governance.errors import Conflict, InvalidInput
from governance.scope import Scope

OFFERED = 8
WORDS_LONGEST = 80


@require_http_methods(["GET", "POST"])
@signed_in.required
def listed(request: HttpRequest, scope: Scope) -> HttpResponse:
    """A POST saves a new one."""
    if request.method != "POST":
        return _page(request, scope)
    sent = request.POST
    try:
        prompts.create(scope, sent.get("name", ""), sent.get("text", ""), is_shared="is_shared" in sent)
    except (InvalidInput, Conflict) as fault:
        return _page(request, scope, status=fault.status, fault=fault.message, sent=sent)
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("prompts")


@require_GET
@signed_in.required
def offered(request: HttpRequest, scope: Scope) -> HttpResponse:
    """What the box offers after a slash."""
    words = request.GET.get("q", "").strip()[:WORDS_LONGEST]
    found = prompts.listed(scope, words, OFFERED)
    return render(request, "prompts/offered.html", {"prompts": found, "words": words})


@require_http_methods(["GET", "POST"])
@signed_in.required
def prompt(request: HttpRequest, scope: Scope, prompt: uuid.UUID) -> HttpResponse:
    """To be looked at, and changed by whose it is."""
    if request.method != "POST":
        return _one(request, scope, prompt)
    sent = request.POST
    try:
        prompts.change(scope, prompt, sent.get("name", ""), sent.get("text", ""), is_shared="is_shared" in sent)
    except (InvalidInput, Conflict) as fault:
        return _one(request, scope, prompt, status=fault.status, fault=fault.message, sent=sent)
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("prompts")


@require_POST
@signed_in.required
def delete(request: HttpRequest, scope: Scope, prompt: uuid.UUID) -> HttpResponse:
    prompts.delete(scope, prompt)
    messages.success(request, _("The prompt was deleted."), extra_tags="good")
    return redirect("prompts")


def _page(request: HttpRequest, scope: Scope, status: int = 200, **context: object) -> HttpResponse:
    found = prompts.listed(scope, most=prompts.LISTED + 1)
    context |= {"room": "ask", "prompts": found[: prompts.LISTED], "is_cut": len(found) > prompts.LISTED}
    return render(request, "prompts/page.html", context | {"me": scope.person}, status=status)


def _one(request: HttpRequest, scope: Scope, prompt: uuid.UUID, status: int = 200, **context: object) -> HttpResponse:
    """With what was sent in its fields, where that was refused."""
    row = prompts.get(scope, prompt)
    context = {"room": "ask", "prompt": row, "sent": row, "is_mine": row.person_id == scope.person} | context
    context |= {"may_delete": prompts.may_delete(scope, row)}
    return render(request, "prompts/prompt.html", context, status=status)
