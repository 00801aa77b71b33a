"""The room where one asks: its first page, the list of conversations, and one conversation."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from assistant import conversations, models
from assistant.conversations import assistants, attachments, exporting, suggestions, threads
from assistant.showing import downloads, sourced
from assistant.views import shelves, sidebar, signed_in
from assistant.views.parsing import parsed_id
from governance import quotas, tenants
from governance.scope import Scope


@require_GET
@signed_in.required
def home(request: HttpRequest, scope: Scope) -> HttpResponse:
    return welcome(request, scope)


def welcome(request: HttpRequest, scope: Scope, assistant: models.Composed | None = None) -> HttpResponse:
    """Where a conversation begins, with one of the assistants or with none."""
    context = _room(request, scope) | {"assistant": assistant}
    if assistant is not None:
        context["shelves"] = [
            one for one in context["shelves"] if one.can_read and assistants.looks_in(assistant, one.id)
        ]
        context["can_read_any"] = bool(context["shelves"])
        context["suggestions"] = assistant.starters
    elif context["can_read_any"]:
        context["suggestions"] = suggestions.questions(scope, getattr(request.user, "email", ""))
        context["assistants"] = assistants.offered(scope)
    return render(request, "conversations/home.html", context)


@require_GET
@signed_in.required
def listed(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The list alone, for the page that shows it, or as a page of its own."""
    at = request.GET.get("at", "")
    context = {"room": "ask"} | sidebar.context(request, scope, parsed_id(at) if at else None)
    part = "conversations/more.html" if "before_time" in request.GET else "conversations/list.html"
    return render(request, part if signed_in.is_part(request) else "conversations/listed.html", context)


@require_GET
@signed_in.required
def thread(request: HttpRequest, scope: Scope, conversation: uuid.UUID) -> HttpResponse:
    found = conversations.get(scope, conversation)
    before, at = (parsed_id(asked) if (asked := request.GET.get(name)) else None for name in ("before", "at"))
    turns = threads.turns(scope, conversation, before=before, at=at)
    context = {"conversation": found, "turns": turns, "is_part": signed_in.is_part(request)}
    if context["is_part"]:
        return render(request, "conversations/turns.html", context)
    if turns.answers and not turns.has_later:
        turns.answers[-1].follow_ups = suggestions.follow_ups(scope, turns.answers[-1])
    context |= _room(request, scope, conversation)
    context |= {"attached": attachments.listed(scope, conversation), "assistant": assistants.of(scope, found)}
    context |= {"picked": turns.answers[-1].collections if turns.answers else [], "renames": "rename" in request.GET}
    return render(request, "conversations/thread.html", context)


@require_POST
@signed_in.required
def rename(request: HttpRequest, scope: Scope, conversation: uuid.UUID) -> HttpResponse:
    threads.rename(scope, conversation, request.POST.get("title", ""))
    return HttpResponse(status=204) if signed_in.is_part(request) else redirect("thread", conversation)


@require_POST
@signed_in.required
def pin(request: HttpRequest, scope: Scope, conversation: uuid.UUID) -> HttpResponse:
    threads.pin(scope, conversation, is_pinned=request.POST.get("is_pinned") == "1")
    return HttpResponse(status=204) if signed_in.is_part(request) else redirect(_back(request, conversation))


@require_POST
@signed_in.required
def delete(request: HttpRequest, scope: Scope, conversation: uuid.UUID) -> HttpResponse:
    """What is deleted can be brought back from the page that follows."""
    threads.delete(scope, conversation)
    if signed_in.is_part(request):
        return render(request, "conversations/deleted.html", {"deleted": threads.deleted(scope, conversation)})
    where = _back(request, conversation)
    return redirect(f"{reverse('home') if where.endswith(str(conversation)) else where}?deleted={conversation}")


@require_POST
@signed_in.required
def restore(request: HttpRequest, scope: Scope, conversation: uuid.UUID) -> HttpResponse:
    threads.restore(scope, conversation)
    return HttpResponse(status=204) if signed_in.is_part(request) else redirect("thread", conversation)


@require_POST
@signed_in.required
def export(request: HttpRequest, scope: Scope, conversation: uuid.UUID) -> HttpResponse:
    made = exporting.export(scope, conversation, request.POST.get("as", "markdown"), sourced.opener(request))
    return downloads.attached(made.name, made.media_type, made.content)


def _back(request: HttpRequest, conversation: uuid.UUID) -> str:
    """The conversation that was open when another one's menu was used."""
    at = request.POST.get("at", "")
    return reverse("thread", args=[parsed_id(at) if at else conversation])


def _room(request: HttpRequest, scope: Scope, current: uuid.UUID | None = None) -> dict[str, Any]:
    mine = shelves.listed(scope)
    return {
        "room": "ask",
        "shelves": mine,
        "can_read_any": any(shelf.can_read for shelf in mine),
        "allows_model_only": tenants.current(scope).allows_model_only,
        "low": [one for one in quotas.left(scope, quotas.USUAL) if one.is_low],
    } | sidebar.context(request, scope, current)
