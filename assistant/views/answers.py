"""Asking, and what comes of it: an answer, its stream, its end, and what the person makes of it."""

from __future__ import annotations

import functools
import uuid

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from assistant import conversations, models, quoting, relay, streaming, wording
from assistant.reasons import ReasonRequired
from assistant.views import segments, signed_in
from assistant.views.parsing import parsed_id
from governance.errors import InvalidInput
from governance.scope import Scope


@require_POST
@signed_in.required
def ask(request: HttpRequest, scope: Scope) -> HttpResponse:
    wanted = request.POST.get("conversation")
    return _asked(request, scope, conversation=parsed_id(wanted) if wanted else None)


@require_POST
@signed_in.required
def again(request: HttpRequest, scope: Scope, answer: uuid.UUID) -> HttpResponse:
    """The same question once more, or in other words: its turn and those after it give way."""
    return _asked(request, scope, replaces=answer)


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
    cited = quoting.sources(said, segments.place_name)
    if request.GET.get("as") == "markdown":
        written = quoting.markdown(row.question, said, cited, lambda one: request.build_absolute_uri(_document(one)))
    else:
        written = quoting.plain(row.question, said, cited)
    return HttpResponse(written, content_type="text/plain; charset=utf-8")


def _asked(
    request: HttpRequest, scope: Scope, conversation: uuid.UUID | None = None, replaces: uuid.UUID | None = None
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
        )
    except ReasonRequired as fault:
        context = {"room": "ask", "fault": fault, "sent": sent, "collections": collections}
        return render(request, "conversations/reason.html", context, status=fault.status)
    return _accepted(request, row)


def _accepted(request: HttpRequest, row: models.Answer) -> HttpResponse:
    """The page is told where the answer will be; one that shows its conversation already gets the turn itself."""
    if not signed_in.is_part(request):
        return redirect(_address(row))
    response = render(request, "conversations/answer.html", {"answer": row, "is_new": True}, status=201)
    response["Location"] = _address(row)
    return response


def _address(row: models.Answer) -> str:
    return f"{reverse('thread', args=[row.conversation_id])}?at={row.pk}#a-{row.pk}"


def _document(source: quoting.Source) -> str:
    return f"{reverse('document', args=[source.document])}#p-{source.chunk}"


def _collections(request: HttpRequest) -> list[uuid.UUID]:
    return [parsed_id(one) for one in request.POST.getlist("collections")]


def _face(answer: uuid.UUID, language: str | None, event: streaming.Event) -> list[streaming.Event]:
    number, name, data = event
    with translation.override(language):  # the stream goes on after the request that chose it
        if name == "segment":
            return [(number, name, data | {"html": segments.html(data, answer)})]
        return [(number, name, data | {"notice": wording.translated(data["notice"])})]
