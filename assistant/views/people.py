"""People of the tenant, for its admins: who is there, with which roles, and what each may do and why."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant import rights, sign_in
from assistant.sign_in import inviting
from assistant.views import confirming, signed_in, tables, undoing
from governance import assignments, groups, invitations, keys, people
from governance.accounts import factors, sessions
from governance.errors import Conflict, InvalidInput
from governance.identity.directories import entries
from governance.people import Wanted
from governance.roles import Role
from governance.scope import Scope

LABELS = {
    "name": lazy("Name"),
    "-roles": lazy("Roles"),
    "-groups": lazy("Groups"),
    "seen": lazy("Last sign-in"),
}


@require_GET
@signed_in.required
def offered(request: HttpRequest, scope: Scope) -> HttpResponse:
    """People whose name or address holds what was typed, as options of a form; what is chosen there stays."""
    name = of if (of := request.GET.get("of")) in {"holder", "subject"} else "person"
    chosen = [one for of in ("holder", "person", "owner", "subject") for one in tables.keys(request.GET.getlist(of))]
    words = tables.words(request, "find")
    rows = people.offered(scope, words, chosen=chosen).rows
    context = {"people": [one for one in rows if words or one.pk in chosen], "chosen": chosen, "name": name}
    return render(request, "elements/people_found.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
@confirming.required
def listed(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The list; a POST makes a person, and shows the link for their password this once."""
    if request.method != "POST":
        return _list(request, scope)
    email, name = request.POST.get("email", ""), request.POST.get("name", "")
    try:
        person = people.create(scope, email, name, roles=_roles(request))
    except (InvalidInput, Conflict) as fault:
        return _list(request, scope, status=fault.status, fault=fault.message, email=email, name=name)
    return _link(request, scope, person)


@require_GET
@signed_in.required
def person(request: HttpRequest, scope: Scope, person: uuid.UUID) -> HttpResponse:
    words, has = tables.words(request), assignments.of(scope, person)
    row = people.get(scope, person)
    if row.is_service:
        return redirect("service", person)
    context: dict[str, Any] = {
        "room": "admin",
        "part": "people",
        "page": rights.of(scope, person, words, tables.number(request)),
        "person": row,
        "roles": [(role, role in has) for role in assignments.ASSIGNABLE],
        "factors": factors.of(scope, person),
        "sessions": sessions.of(scope, person),
        "held_minutes": -(-sign_in.held_s(scope.tenant, person) // 60),
        "keeper": entries.keeper(scope, person),
        "words": words,
    }
    with scope.transaction():  # one for these: each of its own costs four statements more
        context |= {"memberships": groups.of(scope, person), "groups": groups.listed(scope)}
        context |= {"keys": keys.of(scope, person), "invitation": invitations.standing(scope, person)}
    return render(request, "admin/person.html", context)


@require_POST
@signed_in.required
def change(request: HttpRequest, scope: Scope, person: uuid.UUID) -> HttpResponse:
    people.change(scope, person, email=request.POST.get("email", ""), name=request.POST.get("name", ""))
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("person", person)


@require_POST
@signed_in.required
@confirming.required
def change_roles(request: HttpRequest, scope: Scope, person: uuid.UUID) -> HttpResponse:
    before = assignments.of(scope, person)
    assignments.change(scope, person, _roles(request))
    fields = {f"role-{role}": "on" for role in before}
    undoing.offer(request, undoing.Undo(_("The roles were changed."), reverse("person-roles", args=[person]), fields))
    return redirect("person", person)


@require_POST
@signed_in.required
def switch(request: HttpRequest, scope: Scope, person: uuid.UUID) -> HttpResponse:
    if request.POST.get("to") == "on":
        people.switch_on(scope, person)
        messages.success(request, _("They are switched on, and sign in anew."), extra_tags="good")
    else:
        people.switch_off(scope, person)
        messages.success(request, _("They are switched off. Their sessions and keys have ended."), extra_tags="good")
    return redirect("person", person)


@never_cache
@require_POST
@signed_in.required
@confirming.required
def link(request: HttpRequest, scope: Scope, person: uuid.UUID) -> HttpResponse:
    return _link(request, scope, person)


def _link(request: HttpRequest, scope: Scope, person: uuid.UUID) -> HttpResponse:
    made = inviting.invite(scope, person, request.build_absolute_uri, is_mailed=bool(request.POST.get("mail")))
    context = {"room": "admin", "part": "people", "person": people.get(scope, person), "made": made}
    return render(request, "admin/link.html", context)


def _list(request: HttpRequest, scope: Scope, status: int = 200, **context: object) -> HttpResponse:
    order = tables.order(request, people.COLUMNS, "name")
    wanted = Wanted(
        words=tables.words(request),
        role=_role(request.GET.get("role", "")),
        group=tables.key(request, "group"),
        is_active={"on": True, "off": False}.get(request.GET.get("state", "")),
    )
    context |= {"room": "admin", "part": "people", "page": people.found(scope, wanted, order, tables.number(request))}
    context |= {"heads": tables.heads(request, LABELS, order)}
    context |= {"wanted": wanted, "order": order, "counted": people.counted(scope), "groups": groups.listed(scope)}
    context |= {"roles": assignments.ASSIGNABLE, "may_mail": inviting.may_mail()}
    return render(request, "admin/people.html", context, status=status)


def _roles(request: HttpRequest) -> list[Role]:
    return [role for role in assignments.ASSIGNABLE if request.POST.get(f"role-{role}")]


def _role(text: str) -> Role | None:
    return next((role for role in assignments.ASSIGNABLE if role == text), None)
