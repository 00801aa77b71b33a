"""The form of a source: its fields are those of its kind. What is typed stays, but for passwords."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from assistant.views import shelves, signed_in
from governance.errors import ChanceryError, Conflict, InvalidInput, NotFound, TooLarge
from governance.scope import Scope
from ingestion.connectors import KINDS, Kind
from ingestion.connectors.base import Field
from ingestion.models import Source
from ingestion.sources import registry, trying
from ingestion.sources.drafts import Draft

UNITS = {"minutes": 1, "hours": 60, "days": 60 * 24}
BY_HAND = "hand"
BEFORE = "f-"  # a field of the kind, apart from the form's own


@dataclass(frozen=True)
class Input:
    """A field with what stands in it."""

    field: Field
    name: str
    value: Any


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def new(request: HttpRequest, scope: Scope, collection: uuid.UUID, kind: str) -> HttpResponse:
    of = _kind(scope, collection, kind)
    if request.method != "POST":
        return _form(request, scope, collection, of, Draft("", kind, {}, {}, 60))
    draft = _draft(request, kind)
    try:
        made = registry.create(scope, collection, draft, request.FILES.get("archive"))
    except (InvalidInput, Conflict, TooLarge) as fault:
        return _form(request, scope, collection, of, draft, fault)
    messages.success(request, _("The source is added. It is looked at within seconds."), extra_tags="good")
    return redirect("source", collection, made)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def settings(request: HttpRequest, scope: Scope, collection: uuid.UUID, source: uuid.UUID) -> HttpResponse:
    row = registry.get(scope, collection, source).row
    kind = KINDS[row.kind]
    if request.method != "POST":
        return _form(
            request, scope, collection, kind, Draft(row.name, row.kind, row.settings, {}, row.every_minutes), row=row
        )
    draft = _draft(request, row.kind)
    try:
        registry.change(scope, collection, source, draft, request.FILES.get("archive"))
    except (InvalidInput, Conflict, TooLarge) as fault:
        return _form(request, scope, collection, kind, draft, fault, row)
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("source", collection, source)


@require_POST
@signed_in.required
def attempt(request: HttpRequest, scope: Scope, collection: uuid.UUID, kind: str) -> HttpResponse:
    """Try what stands in the form; its answer is a part of the page."""
    return _tried(request, scope, collection, kind, None)


@require_POST
@signed_in.required
def attempt_again(request: HttpRequest, scope: Scope, collection: uuid.UUID, source: uuid.UUID) -> HttpResponse:
    """The same of a source that is there, with its own password where none is typed."""
    return _tried(request, scope, collection, registry.get(scope, collection, source).row.kind, source)


def _tried(
    request: HttpRequest, scope: Scope, collection: uuid.UUID, kind: str, source: uuid.UUID | None
) -> HttpResponse:
    of = _kind(scope, collection, kind)
    draft = _draft(request, kind)
    try:
        tried = trying.attempt(scope, collection, draft, source)
    except InvalidInput as fault:
        tried = trying.Tried(False, fault.message)
    if not signed_in.is_part(request):
        row = registry.get(scope, collection, source).row if source else None
        return _form(request, scope, collection, of, draft, row=row, tried=tried)
    return render(request, "library/sources/tried.html", {"tried": tried})


def _kind(scope: Scope, collection: uuid.UUID, kind: str) -> Kind:
    """Raises NotFound, Forbidden."""
    registry.require(scope, collection)
    if kind not in KINDS:
        raise NotFound(_("There is no such kind of source."))
    return KINDS[kind]


def _draft(request: HttpRequest, kind: str) -> Draft:
    """Raises InvalidInput."""
    fields = KINDS[kind].fields
    typed = {one.name: request.POST.get(BEFORE + one.name, "") for one in fields}
    return Draft(
        request.POST.get("name", ""),
        kind,
        {one.name: typed[one.name] or one.default for one in fields if not one.is_secret},
        {one.name: typed[one.name] for one in fields if one.is_secret},
        _minutes(request),
    )


def _minutes(request: HttpRequest) -> int | None:
    unit, every = request.POST.get("unit", BY_HAND), request.POST.get("every", "")
    if unit not in UNITS:
        return None
    return int(every) * UNITS[unit] if every.isascii() and every.isdigit() and len(every) < 6 else 0


def _form(
    request: HttpRequest,
    scope: Scope,
    collection: uuid.UUID,
    kind: Kind,
    draft: Draft,
    fault: ChanceryError | None = None,
    row: Source | None = None,
    tried: trying.Tried | None = None,
) -> HttpResponse:
    inputs = [
        Input(one, BEFORE + one.name, "" if one.is_secret else draft.settings.get(one.name, one.default))
        for one in kind.fields
    ]
    minutes = draft.every_minutes
    unit = BY_HAND if minutes is None else next(name for name in reversed(UNITS) if minutes % UNITS[name] == 0)
    context = {
        "room": "library",
        "shelf": shelves.get(scope, collection),
        "kind": kind,
        "draft": draft,
        "inputs": inputs,
        "unit": unit,
        "every": minutes // UNITS[unit] if minutes else "",
        "fault": fault,
        "row": row,
        "tried": tried,
    }
    return render(request, "library/sources/form.html", context, status=fault.status if fault else 200)
