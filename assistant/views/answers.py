"""Asking, and what comes of it: an answer, its stream, its end, and what the person makes of it."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Container

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant import conversations, models, replaying
from assistant.answering.reasons import ReasonRequired
from assistant.conversations import branches, comparing, exporting, quoting, suggestions
from assistant.showing import places, sourced, wording
from assistant.streams import relay, streaming
from assistant.views import segments, shelves, signed_in
from assistant.views.parsing import parsed_id
from governance import tenants
from governance.errors import InvalidInput
from governance.scope import Scope
from inference import runners

# What is sent on with a question once its reason is given.
CARRIED = ("conversation", "after", "assistant", "model", "model_only", "compare", "embedded")


@require_POST
@signed_in.required
def ask(request: HttpRequest, scope: Scope) -> HttpResponse:
    wanted, assistant = (
        parsed_id(one) if (one := request.POST.get(name)) else None for name in ("conversation", "assistant")
    )
    return _asked(request, scope, conversation=wanted, assistant=assistant)


@require_http_methods(["GET", "POST"])
@signed_in.required
def again(request: HttpRequest, scope: Scope, answer: uuid.UUID) -> HttpResponse:
    """The same question once more: in other words, of other collections, by another model. It goes on beside the first."""
    if request.method == "POST":
        return _asked(request, scope, replaces=answer)
    row = conversations.answer_of(scope, answer)
    context = {
        "room": "ask",
        "answer": row,
        "shelves": [shelf for shelf in shelves.listed(scope) if shelf.can_read],
        "models": runners.further_chats(),
        "allows_model_only": tenants.current(scope).allows_model_only,
    }
    return render(request, f"conversations/again{'' if signed_in.is_part(request) else '_page'}.html", context)


@require_POST
@signed_in.required
def choose(request: HttpRequest, scope: Scope, answer: uuid.UUID) -> HttpResponse:
    """Back to another line of the conversation."""
    return redirect(_address(conversations.show(scope, answer)))


@require_GET
@signed_in.required
def compare(request: HttpRequest, scope: Scope, answer: uuid.UUID) -> HttpResponse:
    other = request.GET.get("with", "")
    compared = comparing.of(scope, answer, parsed_id(other) if other else None)
    return render(request, "conversations/compare.html", {"room": "ask", "compared": compared})


@require_POST
@signed_in.required
def replay(request: HttpRequest, scope: Scope, answer: uuid.UUID) -> HttpResponse:
    """Run again from what it was made of, which takes as long as an answer."""
    row = conversations.answer_of(scope, answer)
    context = {"room": "ask", "answer": row, "replayed": replaying.replay(scope, answer)}
    return render(request, "conversations/replay.html", context)


@require_GET
@signed_in.required
def answer(request: HttpRequest, scope: Scope, answer: uuid.UUID) -> HttpResponse:
    row = conversations.answer_of(scope, answer)
    branches.mark(scope, [row])
    row.follow_ups = suggestions.follow_ups(scope, row)
    return render(request, "conversations/answer.html", {"answer": row})


@require_GET
@signed_in.required
def stream(request: HttpRequest, scope: Scope, answer: uuid.UUID) -> HttpResponseBase:
    conversations.answer_of(scope, answer)  # not theirs: refused before anything streams
    events = relay.follow(scope, answer, streaming.last_seen(request))
    connection.close()  # the stream may stay open for minutes, and needs none
    return streaming.respond(events, functools.partial(_face, answer, get_language()))


@require_POST
@signed_in.required
def stop(request: HttpRequest, scope: Scope, answer: uuid.UUID) -> HttpResponse:
    stopped = conversations.cancel(scope, answer)
    return HttpResponse(status=204) if signed_in.is_part(request) else redirect("thread", stopped.conversation_id)


@require_POST
@signed_in.required
def feedback(request: HttpRequest, scope: Scope, answer: uuid.UUID) -> HttpResponse:
    value = request.POST.get("value", "")
    if value not in {"1", "0", "-1"}:
        raise InvalidInput(_("Say whether the answer helped."))
    conversations.give_feedback(scope, answer, int(value), request.POST.get("reason", "").strip())
    row = conversations.answer_of(scope, answer)
    if signed_in.is_part(request):
        return render(request, "conversations/feedback.html", {"answer": row, "is_saved": "reason" in request.POST})
    return redirect(_address(row))


@require_GET
@signed_in.required
def text(request: HttpRequest, scope: Scope, answer: uuid.UUID) -> HttpResponse:
    """Question, answer and numbered sources, to be copied."""
    row = conversations.answer_of(scope, answer)
    said = list(row.segments.all())
    cited = quoting.sources(said, places.name)
    remarks = exporting.remarks(row, said) + ([exporting.doubt()] if any(map(quoting.is_doubted, said)) else [])
    if request.GET.get("as") == "markdown":
        written = quoting.markdown(row.question, said, cited, sourced.opener(request), remarks)
    else:
        written = quoting.plain(row.question, said, cited, remarks)
    return HttpResponse(written, content_type="text/plain; charset=utf-8")


def _asked(
    request: HttpRequest,
    scope: Scope,
    conversation: uuid.UUID | None = None,
    replaces: uuid.UUID | None = None,
    assistant: uuid.UUID | None = None,
) -> HttpResponse:
    """A question that policy wants a reason for comes back with a field for it; what was written stays."""
    sent, collections = request.POST, _collections(request)
    try:
        row = conversations.ask(
            scope,
            sent.get("question", ""),
            conversation=conversation,
            collections=collections,
            is_model_only="model_only" in sent,
            replaces=replaces,
            reason=sent.get("reason", ""),
            without=sent.getlist("without"),
            model=sent.get("model", ""),
            assistant=assistant,
            after=parsed_id(one) if (one := sent.get("after")) else None,
        )
    except ReasonRequired as fault:
        context = {
            "room": "ask",
            "fault": fault,
            "sent": sent,
            "kept": [(name, sent[name]) for name in CARRIED if sent.get(name)],
            "collections": collections,
            "without": sent.getlist("without"),
        }
        return render(request, "conversations/reason.html", context, status=fault.status)
    branches.mark(scope, [row])
    is_compared = replaces is not None and "compare" in sent
    where = f"{reverse('answer-compare', args=[row.pk])}?with={replaces}" if is_compared else _address(row, sent)
    return _accepted(request, row, where)


def _accepted(request: HttpRequest, row: models.Answer, where: str) -> HttpResponse:
    """The page is told where the answer will be; one that shows its conversation already gets the turn itself."""
    if not signed_in.is_part(request):
        return redirect(where)
    response = render(request, "conversations/answer.html", {"answer": row, "is_new": True}, status=201)
    response["Location"] = where
    return response


def _address(row: models.Answer, sent: Container[str] = ()) -> str:
    """Where it is shown; for what was asked inside another site's page, inside that."""
    if "embedded" in sent and (assistant := row.conversation.assistant):  # just asked: its conversation is at hand
        return f"{reverse('embedded-thread', args=[assistant, row.conversation_id])}#a-{row.pk}"
    return f"{reverse('thread', args=[row.conversation_id])}?at={row.pk}#a-{row.pk}"


def _collections(request: HttpRequest) -> list[uuid.UUID]:
    return [parsed_id(one) for one in request.POST.getlist("collections")]


def _face(answer: uuid.UUID, language: str | None, event: streaming.Event) -> list[streaming.Event]:
    number, name, data = event
    with translation.override(language):  # the stream goes on after the request that chose it
        if name == "segment":
            return [(number, name, data | {"html": segments.html(data, answer)})]
        told = data | {"notice": wording.translated(data["notice"])}
        if data.get("passages"):
            told["html"] = render_to_string("conversations/read.html", {"passages": data["passages"]})
        return [(number, name, told)]
