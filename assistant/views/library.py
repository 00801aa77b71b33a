"""Collections, their documents, and who may use them."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant import why
from assistant.evaluation import sets
from assistant.showing import downloads
from assistant.views import confirming, contents, cutting, shelves, signed_in, undoing
from assistant.views.parsing import parsed_holder, parsed_level, whole
from governance import grants as giving
from governance import groups, people, tenants
from governance.roles import Level
from governance.scope import Scope
from ingestion import catalog, documents
from ingestion.indexes import languages
from ingestion.leaving import deleted
from ingestion.line import pauses
from ingestion.sources import registry


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def collections(request: HttpRequest, scope: Scope) -> HttpResponse:
    if request.method == "POST":
        made = catalog.create(scope, request.POST.get("name", ""), request.POST.get("description", ""))
        return redirect("collection", made.pk)
    context = {"room": "library", "shelves": shelves.listed(scope), "deleted": deleted.amount(scope)}
    return render(request, "library/collections.html", context)


@require_GET
@signed_in.required
def collection(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    context: dict[str, Any] = {"room": "library", "upload_max": settings.UPLOAD_MAX_BYTES}
    with scope.transaction():  # one for all that is read here: each of its own costs four statements more
        shelf = shelves.get(scope, collection)
        context |= contents.of(request, scope, shelf)
        if shelf.can_manage:
            context |= _managed(scope, collection)
    if shelf.can_write:
        context["room_left"] = documents.room(scope)
    if shelf.can_manage:
        context |= cutting.context(scope, collection)
    return render(request, "library/collection.html", context)


def _managed(scope: Scope, collection: uuid.UUID) -> dict[str, Any]:
    return {
        "grants": giving.listed(scope, collection),
        "people": people.offered(scope),
        "groups": groups.listed(scope),
        "levels": list(Level),
        "bin_days": tenants.current(scope).bin_days,
        "has_sources": registry.are_theirs(scope, collection),
        "has_questions": sets.are_theirs(scope, collection),
        "unread": languages.unread(scope, collection),
    }


@require_POST
@signed_in.required
def rename(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    half_life = request.POST.get("half_life_days")
    catalog.change(
        scope,
        collection,
        name=request.POST.get("name", ""),
        description=request.POST.get("description", ""),
        classification=request.POST.get("classification"),
        strictness=request.POST.get("strictness"),
        half_life_days=None if half_life is None else whole(half_life or "0"),
    )
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("collection", collection)


@require_POST
@signed_in.required
@confirming.required
def delete(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    catalog.delete(scope, collection)
    said = _("The collection was deleted.")
    if tenants.current(scope).bin_days:
        undoing.offer(request, undoing.Undo(said, reverse("collection-restore", args=[collection])))
    else:
        messages.success(request, said, extra_tags="good")
    return redirect("collections")


@require_POST
@signed_in.required
def export(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponseBase:
    return downloads.exported(scope, collection)


@require_POST
@signed_in.required
def pause(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    pauses.pause(scope, collection)
    return redirect("collection", collection)


@require_POST
@signed_in.required
def resume(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    pauses.end(scope, collection)
    return redirect("collection", collection)


@require_POST
@signed_in.required
def give(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    level = parsed_level(request.POST.get("level", ""))
    until = why.moment(request.POST.get("until", ""))
    giving.give(scope, collection, parsed_holder(request.POST.get("holder", "")), level, until=until)
    return redirect("collection", collection)


@require_POST
@signed_in.required
def withdraw(request: HttpRequest, scope: Scope, collection: uuid.UUID, grant: uuid.UUID) -> HttpResponse:
    giving.withdraw(scope, collection, grant)
    # Whoever withdrew their own last grant has no page to go back to.
    is_seen = any(shelf.id == collection for shelf in shelves.listed(scope))
    return redirect("collection", collection) if is_seen else redirect("collections")
