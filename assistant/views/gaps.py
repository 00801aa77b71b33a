"""What was asked of a collection in vain, for whoever manages it: words that several people used, and never a question."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from assistant import gaps
from assistant.views import signed_in
from governance.scope import Scope
from ingestion import catalog


@require_GET
@signed_in.required
def listed(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    found = gaps.listed(scope, collection)
    context = {"room": "library", "shelf": catalog.get(scope, collection), "gaps": found}
    return render(request, "library/gaps.html", context)


@require_POST
@signed_in.required
def close(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    gaps.close(scope, collection, request.POST.getlist("term"))
    messages.success(request, _("Closed. It comes back if it is asked in vain again."), extra_tags="good")
    return redirect("collection-gaps", collection)
