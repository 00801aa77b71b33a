"""Service accounts, for admins: which programs there are, who answers for them, what they may, and for whom they act."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant.views import confirming, signed_in, tables
from governance import access, assignments, groups, models, people, tenants
from governance.actions import Action
from governance.errors import ChanceryError, Conflict, InvalidInput, NotFound
from governance.roles import SERVICE_SCOPES
from governance.scope import Scope
from governance.service_accounts import accounts, service_keys
from governance.service_accounts.accounts import Draft
from governance.service_accounts.models import ActsFor
from governance.service_accounts.service_keys import Held

LIVES = (7, 30, 90, 180, 366)
OVERLAPS_H = (0, 1, 24, 72, 168)

Owned = list[tuple[models.ServiceAccount, list[Held]]]


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def listed(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The list; a POST makes one."""
    if request.method != "POST":
        return _list(request, scope)
    try:
        return redirect("service", accounts.create(scope, _draft(request)))
    except (InvalidInput, NotFound) as fault:
        sent = {name: request.POST.get(name, "") for name in ("name", "purpose", "owner")}
        return _list(request, scope, status=fault.status, fault=fault.message, sent=sent)


@never_cache
@require_GET
@signed_in.required
def service(request: HttpRequest, scope: Scope, service: uuid.UUID) -> HttpResponse:
    return page(request, scope, service)


@require_POST
@signed_in.required
def change(request: HttpRequest, scope: Scope, service: uuid.UUID) -> HttpResponse:
    try:
        accounts.change(scope, service, _draft(request))
    except InvalidInput as fault:
        return page(request, scope, service, fault=fault)
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("service", service)


@require_POST
@signed_in.required
def switch(request: HttpRequest, scope: Scope, service: uuid.UUID) -> HttpResponse:
    if request.POST.get("to") == "on":
        try:
            accounts.switch_on(scope, service)
        except Conflict as fault:
            return page(request, scope, service, fault=fault)
        messages.success(request, _("It is switched on. Make a new key for it."), extra_tags="good")
    else:
        accounts.switch_off(scope, service)
        messages.success(request, _("It is switched off. Its keys have ended, and all it acted by."), extra_tags="good")
    return redirect("service", service)


@require_POST
@signed_in.required
@confirming.required
def permission(request: HttpRequest, scope: Scope, service: uuid.UUID) -> HttpResponse:
    acts_for, audiences = request.POST.get("acts_for", ""), request.POST.get("audiences", "").splitlines()
    try:
        group = _id(request.POST.get("group", "")) if acts_for == ActsFor.GROUP else None
        accounts.permit(scope, service, acts_for, group, audiences)
    except InvalidInput as fault:
        return page(request, scope, service, fault=fault)
    messages.success(request, _("Saved. What it acted by until now has ended."), extra_tags="good")
    return redirect("service", service)


@require_POST
@signed_in.required
def join(request: HttpRequest, scope: Scope, service: uuid.UUID) -> HttpResponse:
    accounts.get(scope, service)
    groups.add(scope, _id(request.POST.get("group", "")), service)
    messages.success(request, _("Added to the group."), extra_tags="good")
    return redirect("service", service)


@require_POST
@signed_in.required
@confirming.required
def rules(request: HttpRequest, scope: Scope) -> HttpResponse:
    days = request.POST.get("key_days_max", "").strip()
    wanted = int(days) if days.isdecimal() and len(days) < 5 else 0
    try:
        tenants.rule_keys(scope, allows_personal=bool(request.POST.get("allows_personal_keys")), days_max=wanted)
    except InvalidInput as fault:
        return _list(request, scope, status=fault.status, rules_fault=fault.message)
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("services")


def owned(scope: Scope) -> Owned:
    """Those that the reader answers for, with their keys."""
    return _with_keys(scope, accounts.owned(scope))


def page(
    request: HttpRequest, scope: Scope, service: uuid.UUID, fault: ChanceryError | None = None, **context: object
) -> HttpResponse:
    """One account, for an admin and its owner, with what was wrong with what was sent."""
    row = accounts.get(scope, service)
    context |= {"room": "admin", "part": "services", "service": row, "person": row.person}
    context |= {"held": service_keys.listed(scope, [service]).get(service, []), "fault": fault.message if fault else ""}
    context |= {"acting": ActsFor.choices, "overlaps": OVERLAPS_H, "overlap": service_keys.OVERLAP_H}
    context["is_admin"] = access.decide(scope, Action.PEOPLE_MANAGE).allowed
    if context["is_admin"]:
        has, most = assignments.of(scope, service), tenants.current(scope).key_days_max
        context |= {"roles": [(role, role in has) for role in assignments.ASSIGNABLE]}
        context |= {"memberships": groups.of(scope, service), "groups": groups.listed(scope)}
        context |= {
            "people": people.offered(scope, chosen=[row.owner_id]),
            "chosen": [row.owner_id],
            "scopes": list(SERVICE_SCOPES),
        }
        context |= {"lives": [days for days in LIVES if days <= most] or [most], "days": min(service_keys.DAYS, most)}
    return render(request, "admin/service.html", context, status=fault.status if fault else 200)


def _list(request: HttpRequest, scope: Scope, status: int = 200, **context: object) -> HttpResponse:
    context |= {"room": "admin", "part": "services", "services": _with_keys(scope, accounts.listed(scope))}
    mine = tables.keys([request.POST.get("owner", "")]) or [scope.person]
    offered = people.offered(scope, chosen=mine)
    context |= {"people": offered, "chosen": mine, "tenant": tenants.current(scope)}
    return render(request, "admin/services.html", context, status=status)


def _with_keys(scope: Scope, rows: list[models.ServiceAccount]) -> Owned:
    held = service_keys.listed(scope, [row.person_id for row in rows])
    return [(row, held.get(row.person_id, [])) for row in rows]


def _draft(request: HttpRequest) -> Draft:
    return Draft(request.POST.get("name", ""), request.POST.get("purpose", ""), _id(request.POST.get("owner", "")))


def _id(text: str) -> uuid.UUID:
    """Raises InvalidInput."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise InvalidInput(_("Choose from the list.")) from None
