"""Asking, and what came of it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from assistant import conversations, relay, streaming
from assistant.demo import material
from assistant.views import segments, shelves, signed_in
from governance.errors import InvalidInput
from governance.scope import Scope

SUGGESTIONS = 4


@require_GET
@signed_in.required
def home(request: HttpRequest, scope: Scope) -> HttpResponse:
    mine = shelves.listed(scope)
    readable = [shelf for shelf in mine if shelf.can_read]
    context = {
        "room": "ask",
        "conversations": conversations.listed(scope),
        "shelves": mine,
        "can_read_any": bool(readable),
        "suggestions": _suggestions(request, readable),
    }
    return render(request, "conversations/home.html", context)


@require_POST
@signed_in.required
def ask(request: HttpRequest, scope: Scope) -> HttpResponse:
    wanted = request.POST.get("conversation")
    answer = conversations.ask(
        scope,
        request.POST.get("question", ""),
        conversation=parsed_id(wanted) if wanted else None,
        collections=[parsed_id(one) for one in request.POST.getlist("collections")],
    )
    response = redirect("thread", answer.conversation_id)
    response["Location"] += f"#a-{answer.pk}"
    return response


@require_GET
@signed_in.required
def thread(request: HttpRequest, scope: Scope, conversation: uuid.UUID) -> HttpResponse:
    found = conversations.get(scope, conversation)
    answers = conversations.answers(scope, conversation)
    context = {
        "room": "ask",
        "conversation": found,
        "answers": answers,
        "shelves": shelves.listed(scope),
        "picked": answers[-1].collections if answers else [],
    }
    return render(request, "conversations/thread.html", context)


@require_POST
@signed_in.required
def rename(request: HttpRequest, scope: Scope, conversation: uuid.UUID) -> HttpResponse:
    conversations.rename(scope, conversation, request.POST.get("title", ""))
    return redirect("thread", conversation)


@require_POST
@signed_in.required
def delete(request: HttpRequest, scope: Scope, conversation: uuid.UUID) -> HttpResponse:
    conversations.delete(scope, conversation)
    return redirect("home")


@require_GET
@signed_in.required
def answer(request: HttpRequest, scope: Scope, answer: uuid.UUID) -> HttpResponse:
    return render(request, "conversations/answer.html", {"answer": conversations.answer_of(scope, answer)})


@require_GET
@signed_in.required
def stream(request: HttpRequest, scope: Scope, answer: uuid.UUID) -> HttpResponseBase:
    conversations.answer_of(scope, answer)  # not theirs: refused before anything streams
    events = relay.follow(scope, answer, streaming.last_seen(request))
    connection.close()  # the stream may stay open for minutes, and needs none
    return streaming.respond(events, _face)


@require_POST
@signed_in.required
def stop(request: HttpRequest, scope: Scope, answer: uuid.UUID) -> HttpResponse:
    stopped = conversations.cancel(scope, answer)
    return HttpResponse(status=204) if signed_in.is_part(request) else redirect("thread", stopped.conversation_id)


def parsed_id(text: str) -> uuid.UUID:
    """Raises InvalidInput."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise InvalidInput(_("That is not the number of anything here.")) from None


def _face(event: streaming.Event) -> list[streaming.Event]:
    number, name, data = event
    return [(number, name, data | {"html": segments.html(data)} if name == "segment" else data)]


def _suggestions(request: HttpRequest, readable: list[shelves.Shelf]) -> list[str]:
    """To begin with: the demo's own questions for its people, else one a collection."""
    if settings.DEMO_LOGINS:
        email = getattr(request.user, "email", "")
        asked = [one.question for one in material.questions() if one.asker == email]
        if asked:
            return asked[:SUGGESTIONS]
    return [_("What is in “%(name)s”?") % {"name": shelf.name} for shelf in readable[:SUGGESTIONS]]
