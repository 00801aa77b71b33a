"""Sharing a conversation with colleagues, and reading what they share."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant import conversations
from assistant.conversations import shared, sharing
from assistant.views import sidebar, signed_in
from assistant.views.parsing import parsed_holder
from governance import groups, people
from governance.scope import Scope


@require_http_methods(["GET", "POST"])
@signed_in.required
def shares(request: HttpRequest, scope: Scope, conversation: uuid.UUID) -> HttpResponse:
    """With whom it is shared, and with whom else it might be; a part of its page, or a page of its own."""
    if request.method == "POST":
        sharing.share(scope, conversation, parsed_holder(request.POST.get("holder", "")))
        messages.success(request, _("Shared, as far as it has come."), extra_tags="good")
        return redirect("thread", conversation)
    found = conversations.get(scope, conversation)
    context = {
        "room": "ask",
        "conversation": found,
        "shares": sharing.listed(scope, conversation),
        "groups": groups.listed(scope),
        "people": people.offered(scope, besides=[scope.person]),
    }
    part = "conversations/shares.html" if signed_in.is_part(request) else "conversations/shares_page.html"
    return render(request, part, context)


@require_POST
@signed_in.required
def withdraw(request: HttpRequest, scope: Scope, conversation: uuid.UUID, share: uuid.UUID) -> HttpResponse:
    sharing.unshare(scope, conversation, share)
    messages.success(request, _("It is no longer shared with them."), extra_tags="good")
    return redirect("thread", conversation)


@require_GET
@signed_in.required
def with_me(request: HttpRequest, scope: Scope) -> HttpResponse:
    context = {"room": "ask", "shared": shared.with_me(scope)} | sidebar.context(request, scope)
    return render(request, "conversations/shared.html", context)


@require_GET
@signed_in.required
def read(request: HttpRequest, scope: Scope, conversation: uuid.UUID) -> HttpResponse:
    found, turns = shared.read(scope, conversation)
    context = {"room": "ask", "found": found, "turns": turns} | sidebar.context(request, scope)
    return render(request, "conversations/shared_thread.html", context)
