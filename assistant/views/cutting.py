"""How a collection's documents are cut: its form, and having them read again."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from assistant.showing import wording
from assistant.views import signed_in
from assistant.views.parsing import whole
from governance.errors import Conflict, InvalidInput
from governance.scope import Scope
from ingestion import catalog
from ingestion import cutting as settings
from ingestion.cutting import Cutting

TICKS = ("has_title", "has_path", "joins_tiny", "repeats_header")


def context(scope: Scope, collection: uuid.UUID) -> dict[str, Any]:
    """For who runs the collection."""
    row = catalog.get(scope, collection)
    return {
        "cutting": Cutting.of(row.cutting),
        "cut": settings.standing(scope, collection),
        "size_least": settings.SIZE_LEAST,
        "size_most": settings.SIZE_MOST,
        "around_most": settings.AROUND_MOST,
    }


@require_POST
@signed_in.required
def change(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    try:
        told: dict[str, Any] = {name: whole(request.POST.get(name, "")) for name in ("size", "most", "around")}
        told |= {name: name in request.POST for name in TICKS}
        settings.change(scope, collection, Cutting(**told))
        messages.success(request, _("Saved. It holds for what is read from now on."), extra_tags="good")
    except InvalidInput as fault:
        messages.error(request, wording.translated(fault.message), extra_tags="bad")
    return redirect("collection", collection)


@require_POST
@signed_in.required
def read_again(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    try:
        amount = settings.read_again(scope, collection)
        said = ngettext("%(n)s document is read again.", "%(n)s documents are read again.", amount) % {"n": amount}
        messages.success(request, said, extra_tags="good")
    except Conflict as fault:
        messages.error(request, wording.translated(fault.message), extra_tags="bad")
    return redirect("collection", collection)
