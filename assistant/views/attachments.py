"""Files attached to a conversation, beside the box in which one asks."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assistant import conversations
from assistant.conversations import attachments
from assistant.views import signed_in
from assistant.views.parsing import parsed_id
from governance.errors import InvalidInput
from governance.scope import Scope


@require_http_methods(["GET", "POST"])
@signed_in.required
def attached(request: HttpRequest, scope: Scope, conversation: uuid.UUID) -> HttpResponse:
    """The list alone, while it is read; a POST attaches."""
    if request.method == "POST":
        _attach(request, scope, conversation)
        return redirect("thread", conversation)
    context = {
        "attached": attachments.listed(scope, conversation),
        "conversation": conversations.get(scope, conversation),
    }
    return render(request, "conversations/attached.html", context)


@require_POST
@signed_in.required
def begin(request: HttpRequest, scope: Scope) -> HttpResponse:
    """A new conversation, about a file."""
    file = request.FILES.get("file")
    if file is None:
        raise InvalidInput(_("Choose a file to upload."))
    assistant = parsed_id(one) if (one := request.POST.get("assistant")) else None
    made = attachments.begin(scope, file.name or "", file, file.size or 0, assistant)
    return redirect("thread", made.pk)


@require_POST
@signed_in.required
def detach(request: HttpRequest, scope: Scope, conversation: uuid.UUID, document: uuid.UUID) -> HttpResponse:
    attachments.detach(scope, conversation, document)
    return redirect("thread", conversation)


def _attach(request: HttpRequest, scope: Scope, conversation: uuid.UUID) -> None:
    conversations.get(scope, conversation)  # not theirs: refused before what was sent is looked at
    file = request.FILES.get("file")
    if file is None:
        raise InvalidInput(_("Choose a file to upload."))
    attachments.attach(scope, conversation, file.name or "", file, file.size or 0)
