"""Directories that provision people over SCIM: set up, watched and mended by the tenant's admins."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant.views import confirming, signed_in, tables
from governance.errors import ChanceryError, Conflict, InvalidInput
from governance.identity.directories import entries, refused, registry
from governance.scope import Scope

LIVES = (30, 90, 180, 366)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def listed(request: HttpRequest, scope: Scope) -> HttpResponse:
    context: dict[str, Any] = {"room": "settings", "name": request.POST.get("name", "")}
    if request.method == "POST":
        try:
            return redirect("directory", registry.create(scope, request.POST.get("name", "")))
        except (InvalidInput, Conflict) as fault:
            context["fault"] = fault
    context["directories"] = registry.listed(scope)
    return render(request, "settings/provisioning.html", context, status=_status(context))


@never_cache
@require_GET
@signed_in.required
def directory(request: HttpRequest, scope: Scope, directory: uuid.UUID) -> HttpResponse:
    return _page(request, scope, directory)


@never_cache
@require_POST
@signed_in.required
@confirming.required
def token(request: HttpRequest, scope: Scope, directory: uuid.UUID) -> HttpResponse:
    """One more, or one that takes over from those that are there. It is shown this once."""
    days = request.POST.get("days", "")
    make = registry.rotate if request.POST.get("rotate") else registry.issue
    try:
        made = make(scope, directory, int(days) if days.isdecimal() and len(days) < 5 else 0)
    except (InvalidInput, Conflict) as fault:
        return _page(request, scope, directory, fault=fault)
    return _page(request, scope, directory, token=made)


@require_POST
@signed_in.required
def token_revoke(request: HttpRequest, scope: Scope, directory: uuid.UUID, secret: uuid.UUID) -> HttpResponse:
    registry.revoke(scope, directory, secret)
    messages.success(request, _("The token was ended. Nothing opens with it from now on."), extra_tags="good")
    return redirect("directory", directory)


@require_POST
@signed_in.required
@confirming.required
def hand_over(request: HttpRequest, scope: Scope, directory: uuid.UUID, kept: uuid.UUID) -> HttpResponse:
    entries.hand_over(scope, directory, kept)
    messages.success(request, _("Handed over. The directory takes it up with its next try."), extra_tags="good")
    return redirect("directory", directory)


@require_POST
@signed_in.required
def release(request: HttpRequest, scope: Scope, kept: uuid.UUID) -> HttpResponse:
    page = entries.release(scope, kept)  # of a person or of a group
    messages.success(request, _("Released. Only hands change it from now on."), extra_tags="good")
    return redirect(page, kept)


@require_POST
@signed_in.required
@confirming.required
def delete(request: HttpRequest, scope: Scope, directory: uuid.UUID) -> HttpResponse:
    registry.delete(scope, directory)
    messages.success(request, _("The directory was removed. Its people and groups stay."), extra_tags="good")
    return redirect("provisioning")


def _page(request: HttpRequest, scope: Scope, directory: uuid.UUID, **context: Any) -> HttpResponse:
    kind = "group" if request.GET.get("kind") == "group" else "person"
    context |= {"room": "settings", "directory": registry.get(scope, directory), "kind": kind, "lives": LIVES}
    context |= {"address": request.build_absolute_uri(reverse("scim-root", args=[directory]))[:-1]}
    context |= {"tokens": registry.tokens(scope, directory), "latest": entries.latest(scope, directory)}
    context |= {"faults": refused.listed(scope, directory), "words": tables.words(request)}
    context["page"] = entries.kept(scope, directory, kind, context["words"], tables.number(request))
    return render(request, "settings/directory.html", context, status=_status(context))


def _status(context: dict[str, Any]) -> int:
    fault: ChanceryError | None = context.get("fault")
    return fault.status if fault else 200
