"""Collections, their documents, and who may use them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant.views import contents, shelves, signed_in
from governance import grants as giving
from governance import groups, people
from governance.errors import InvalidInput
from governance.roles import Level
from governance.scope import Scope
from ingestion import catalog, documents


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def collections(request: HttpRequest, scope: Scope) -> HttpResponse:
    if request.method == "POST":
        made = catalog.create(scope, request.POST.get("name", ""), request.POST.get("description", ""))
        return redirect("collection", made.pk)
    return render(request, "library/collections.html", {"room": "library", "shelves": shelves.listed(scope)})


@require_GET
@signed_in.required
def collection(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    shelf = shelves.get(scope, collection)
    context = {"room": "library", "upload_max": settings.UPLOAD_MAX_BYTES} | contents.of(request, scope, shelf)
    if shelf.can_write:
        context["room_left"] = documents.room(scope)
    if shelf.can_manage:
        context |= {
            "grants": giving.listed(scope, collection),
            "people": people.listed(scope),
            "groups": groups.listed(scope),
            "levels": list(Level),
        }
    return render(request, "library/collection.html", context)


@require_POST
@signed_in.required
def rename(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    catalog.change(
        scope,
        collection,
        name=request.POST.get("name", ""),
        description=request.POST.get("description", ""),
        classification=request.POST.get("classification"),
    )
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("collection", collection)


@require_POST
@signed_in.required
def delete(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    catalog.delete(scope, collection)
    messages.success(request, _("The collection was deleted."), extra_tags="good")
    return redirect("collections")


@require_POST
@signed_in.required
def give(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    giving.give(scope, collection, _holder(request.POST.get("holder", "")), _level(request.POST.get("level", "")))
    return redirect("collection", collection)


@require_POST
@signed_in.required
def withdraw(request: HttpRequest, scope: Scope, collection: uuid.UUID, grant: uuid.UUID) -> HttpResponse:
    giving.withdraw(scope, collection, grant)
    # Whoever withdrew their own last grant has no page to go back to.
    is_seen = any(shelf.id == collection for shelf in shelves.listed(scope))
    return redirect("collection", collection) if is_seen else redirect("collections")


def _holder(text: str) -> giving.Holder:
    kind, _sep, raw = text.partition(":")
    try:
        key = uuid.UUID(raw)
    except ValueError:
        raise InvalidInput(_("Choose a person or a group.")) from None
    return giving.Holder(person=key) if kind == "person" else giving.Holder(group=key)


def _level(text: str) -> Level:
    try:
        return Level(int(text))
    except ValueError:
        raise InvalidInput(_("Choose what they may do.")) from None
