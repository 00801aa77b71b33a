"""Groups of the tenant, for its admins."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant.views import signed_in, tables, undoing
from governance import groups, people
from governance.errors import Conflict, InvalidInput
from governance.identity.directories import entries
from governance.scope import Scope

LABELS = {"name": lazy("Name"), "members": lazy("Members"), "grants": lazy("Grants"), "added": lazy("Added")}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def listed(request: HttpRequest, scope: Scope) -> HttpResponse:
    if request.method != "POST":
        return _list(request, scope)
    name = request.POST.get("name", "")
    try:
        return redirect("group", groups.create(scope, name))
    except (InvalidInput, Conflict) as fault:
        return _list(request, scope, status=fault.status, fault=fault.message, name=name)


@require_GET
@signed_in.required
def group(request: HttpRequest, scope: Scope, group: uuid.UUID) -> HttpResponse:
    members = groups.members(scope, group)
    inside = {member.person.pk for member in members if member.is_manual}
    context = {
        "room": "admin",
        "part": "groups",
        "group": groups.get(scope, group),
        "members": members,
        "keeper": entries.keeper(scope, group),
        "others": people.offered(scope, besides=inside),
    }
    return render(request, "admin/group.html", context)


@require_POST
@signed_in.required
def rename(request: HttpRequest, scope: Scope, group: uuid.UUID) -> HttpResponse:
    groups.rename(scope, group, request.POST.get("name", ""))
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("group", group)


@require_POST
@signed_in.required
def delete(request: HttpRequest, scope: Scope, group: uuid.UUID) -> HttpResponse:
    groups.delete(scope, group)
    messages.success(request, _("The group was deleted, with the grants it held."), extra_tags="good")
    return redirect("groups")


@require_POST
@signed_in.required
def add(request: HttpRequest, scope: Scope, group: uuid.UUID) -> HttpResponse:
    try:
        person = uuid.UUID(request.POST.get("person", ""))
    except ValueError:
        raise InvalidInput(_("Choose a person.")) from None
    groups.add(scope, group, person)
    undo = undoing.Undo(_("Added to the group."), reverse("group-member-remove", args=[group, person]))
    undoing.offer(request, undo)
    return redirect("group", group)


@require_POST
@signed_in.required
def remove(request: HttpRequest, scope: Scope, group: uuid.UUID, person: uuid.UUID) -> HttpResponse:
    groups.remove(scope, group, person)
    fields = {"person": str(person)}
    undo = undoing.Undo(_("Taken out of the group."), reverse("group-members", args=[group]), fields)
    undoing.offer(request, undo)
    return redirect("group", group)


def _list(request: HttpRequest, scope: Scope, status: int = 200, **context: object) -> HttpResponse:
    order, words = tables.order(request, groups.COLUMNS, "name"), tables.words(request)
    context |= {"room": "admin", "part": "groups", "words": words, "order": order}
    context |= {"page": groups.found(scope, words, order, tables.number(request))}
    context |= {"heads": tables.heads(request, LABELS, order)}
    return render(request, "admin/groups.html", context, status=status)
