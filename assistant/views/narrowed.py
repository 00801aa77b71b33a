"""Documents narrower than their collection, and the tenant's labels."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assistant.views import shelves, signed_in
from assistant.views.parsing import parsed_holder, parsed_number
from governance import access, groups, labels, people
from governance.actions import Action
from governance.errors import InvalidInput
from governance.scope import Scope
from ingestion.documents import restrictions
from ingestion.models import Document


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def kept(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    """What is narrowed in a collection, for who runs it; a POST says what label its documents carry."""
    access.require(scope, Action.COLLECTION_MANAGE, collection)  # refused before what was sent is looked at
    if request.method == "POST":
        restrictions.label_collection(scope, collection, parsed_number(request.POST.get("label", "")))
        messages.success(request, _("Saved."), extra_tags="good")
        return redirect("collection-narrowed", collection)
    context = {
        "room": "library",
        "shelf": shelves.get(scope, collection),
        "rows": restrictions.kept(scope, collection),
        "labels": labels.listed(scope),
        "default": restrictions.default(scope, collection),
        **_holders(scope),
    }
    return render(request, "library/narrowed.html", context)


@require_POST
@signed_in.required
def restrict(request: HttpRequest, scope: Scope, document: uuid.UUID) -> HttpResponse:
    """To whom is chosen; without a choice to nobody in particular again."""
    restrictions.collection_of(scope, document)  # refused before what was sent is looked at
    chosen = [parsed_holder(one) for one in request.POST.getlist("holder")]
    if request.POST.get("deed") == "lift":
        restrictions.lift(scope, document)
        messages.success(request, _("All who may read the collection see it again."), extra_tags="good")
    else:
        restrictions.restrict(scope, document, chosen)
        messages.success(request, _("Only those who are named see it now."), extra_tags="good")
    return _back(scope, document)


@require_POST
@signed_in.required
def label(request: HttpRequest, scope: Scope, document: uuid.UUID) -> HttpResponse:
    restrictions.collection_of(scope, document)
    chosen = request.POST.get("label", "")
    restrictions.label(scope, document, parsed_number(chosen) if chosen else None)
    messages.success(request, _("Saved."), extra_tags="good")
    return _back(scope, document)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def listed(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The tenant's labels, and who is cleared further than everybody; a POST writes the list."""
    if request.method != "POST":
        return _list(request, scope)
    names = [one for one in request.POST.get("names", "").splitlines() if one.strip()]
    least, home = (parsed_number(one) if (one := request.POST.get(name, "")) else None for name in ("least", "home"))
    try:
        labels.write(scope, names, least, home)
    except InvalidInput as fault:
        return _list(request, scope, status=fault.status, fault=fault.message, names="\n".join(names))
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("labels")


@require_POST
@signed_in.required
def clear(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Up to which label somebody is cleared; without one no further than everybody."""
    rank = request.POST.get("rank", "")
    labels.clear(scope, parsed_holder(request.POST.get("holder", "")), parsed_number(rank) if rank else None)
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("labels")


def of(scope: Scope, found: Document, *, can_manage: bool) -> dict[str, Any]:
    """What a document's page says of who sees it."""
    rank = restrictions.ranks(scope, [found.pk]).get(found.pk, 0)
    names = labels.listed(scope)
    told = {"label": names[rank] if rank < len(names) else "", "labels": names}
    if not can_manage or found.parent_id is not None:
        return told
    return told | {"readers": restrictions.named(scope, found.pk), "may_narrow": True, **_holders(scope)}


def _back(scope: Scope, document: uuid.UUID) -> HttpResponse:
    """To its page, or where one's own change took it away to the list of the names."""
    if restrictions.ranks(scope, [document]):
        return redirect("document", document)
    return redirect(reverse("collection-narrowed", args=[restrictions.collection_of(scope, document)]))


def _holders(scope: Scope) -> dict[str, Any]:
    return {"people": people.offered(scope), "groups": groups.listed(scope)}


def _list(request: HttpRequest, scope: Scope, *, status: int = 200, **sent: str) -> HttpResponse:
    found = labels.listed(scope)
    cleared = [(one, found[one.rank] if one.rank < len(found) else "") for one in labels.cleared(scope)]
    context = {
        "room": "admin",
        "part": "labels",
        "labels": found,
        "names": "\n".join(found),
        "least": labels.default(scope),
        "home": labels.home(scope),
        "cleared": cleared,
        **_holders(scope),
        **sent,
    }
    return render(request, "admin/labels.html", context, status=status)
