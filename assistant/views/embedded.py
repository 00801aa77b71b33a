"""An assistant inside another site's page: asked there by whoever is signed in here, as themselves.

Only the sites that its admin named may show it. Whoever is not signed in, or has no such assistant, is told so by a page that
says nothing else and does nothing: that may stand in any site, and looks the same for every assistant, there or not.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from assistant import conversations, models
from assistant.conversations import assistants, threads
from assistant.middleware import faults
from assistant.views import shelves
from governance.errors import Forbidden, NotFound, RecordUnavailable
from governance.scope import Scope


@require_GET
def page(request: HttpRequest, assistant: uuid.UUID, conversation: uuid.UUID | None = None) -> HttpResponse:
    caller: Scope | None = request.caller  # type: ignore[attr-defined]
    if caller is None or caller.key is not None:
        return _alone(request, assistant, is_known=False)
    try:
        row = assistants.get(caller, assistant)
        held = conversations.get(caller, conversation) if conversation else None
    except (NotFound, Forbidden) as fault:
        if isinstance(noted := faults.note_denial(request, fault), RecordUnavailable):
            raise noted from fault
        return _alone(request, assistant, is_known=True)
    if not row.origins or (held is not None and held.assistant != row.pk):
        return _alone(request, assistant, is_known=True)
    return _framed(render(request, "assistants/embedded.html", _context(caller, row, held)), row.origins)


def _context(scope: Scope, row: models.Composed, held: models.Conversation | None) -> dict[str, object]:
    reads = any(one.can_read and assistants.looks_in(row, one.id) for one in shelves.listed(scope))
    context: dict[str, object] = {"assistant": row, "conversation": held, "can_read_any": reads, "is_embedded": True}
    if held is None:
        return context | {"suggestions": row.starters}
    return context | {"turns": threads.turns(scope, held.pk)}


def _alone(request: HttpRequest, assistant: uuid.UUID, *, is_known: bool) -> HttpResponse:
    context = {"is_known": is_known, "wanted": assistant}
    return _framed(render(request, "assistants/embedded_alone.html", context, status=404 if is_known else 401), ["*"])


def _framed(response: HttpResponse, origins: Sequence[str]) -> HttpResponse:
    response.xframe_options_exempt = True  # it knows no list of sites
    response._csp_replace = {"frame-ancestors": list(origins)}  # type: ignore[attr-defined]
    return response
