"""The table of what was given, why somebody may or may not, and the organisation's own roles."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant import access_table, why
from assistant.access_table import Wanted
from assistant.views import signed_in, tables
from assistant.views.parsing import parsed_holder
from governance import access, custom_roles, groups, history, people, spreadsheet
from governance.actions import Action
from governance.errors import ChanceryError, Conflict, Forbidden, InvalidInput
from governance.scope import Scope
from ingestion import catalog

CHOICES = 500  # collections that a page offers to choose from
FRAME = {"room": "admin", "part": "access"}


@require_GET
@signed_in.required
def table(request: HttpRequest, scope: Scope) -> HttpResponse:
    wanted = _wanted(request)
    context: dict[str, Any] = {"page": access_table.page(scope, wanted, tables.number(request)), "wanted": wanted}
    context |= _choices(request, scope) | {"query": request.GET.urlencode()}
    return render(request, "admin/access_table.html", FRAME | context)


@require_GET
@signed_in.required
def download(request: HttpRequest, scope: Scope) -> HttpResponse:
    rows = access_table.every(scope, _wanted(request))
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="access.csv"'
    lines = (
        spreadsheet.row(str(row[name]) if row[name] is not None else "" for name in access_table.HEAD) for row in rows
    )
    response.writelines([spreadsheet.row(access_table.HEAD), *lines])
    return response


@require_GET
@signed_in.required
def explain(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The form, and the answer where something was asked. What is wrong with the time is said beside it."""
    may_ask = access.decide(scope, Action.PEOPLE_MANAGE).allowed or access_table.manages_any(scope)
    context: dict[str, Any] = {"may_ask": may_ask, "actions": why.ASKABLE, "at": request.GET.get("at", "")}
    context |= _choices(request, scope) | {"known_since": history.known_since(scope)}
    status = 200
    try:
        asked = _asked(request, scope, may_ask=may_ask)
        context |= {"asked": asked}
        if asked.collection or asked.document:
            context["told"] = why.tell(scope, asked)
    except InvalidInput as fault:
        context |= {"fault": fault.message}
        status = fault.status
    return render(request, "admin/access_why.html", FRAME | context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def roles(request: HttpRequest, scope: Scope) -> HttpResponse:
    """The organisation's own; a POST makes one."""
    if request.method != "POST":
        return _roles(request, scope)
    try:
        return redirect(
            "role", custom_roles.create(scope, request.POST.get("name", ""), request.POST.getlist("actions"))
        )
    except (InvalidInput, Conflict) as fault:
        return _roles(request, scope, status=fault.status, fault=fault.message, name=request.POST.get("name", ""))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def role(request: HttpRequest, scope: Scope, role: uuid.UUID) -> HttpResponse:
    status, fault = 200, ""
    if request.method == "POST":
        try:
            custom_roles.change(scope, role, request.POST.get("name", ""), request.POST.getlist("actions"))
            messages.success(request, _("Saved."), extra_tags="good")
            return redirect("role", role)
        except (InvalidInput, Conflict) as wrong:
            status, fault = wrong.status, wrong.message
    context = {"role": custom_roles.get(scope, role), "offered": custom_roles.offered(scope), "fault": fault}
    context |= {"people": people.offered(scope), "groups": groups.listed(scope)}
    return render(request, "admin/role.html", FRAME | context, status=status)


@require_POST
@signed_in.required
def role_delete(request: HttpRequest, scope: Scope, role: uuid.UUID) -> HttpResponse:
    custom_roles.delete(scope, role)
    messages.success(request, _("The role was deleted, and nobody holds it any more."), extra_tags="good")
    return redirect("roles")


@require_POST
@signed_in.required
def role_give(request: HttpRequest, scope: Scope, role: uuid.UUID) -> HttpResponse:
    custom_roles.get(scope, role)  # whoever may not, or finds none, is told that and no more
    try:
        until = why.moment(request.POST.get("until", ""))
        custom_roles.give(scope, role, parsed_holder(request.POST.get("holder", "")), until=until)
        messages.success(request, _("The role was given."), extra_tags="good")
    except (InvalidInput, Forbidden) as fault:
        messages.error(request, _told(fault), extra_tags="bad")
    return redirect("role", role)


@require_POST
@signed_in.required
def role_take(request: HttpRequest, scope: Scope, role: uuid.UUID, assignment: uuid.UUID) -> HttpResponse:
    custom_roles.take(scope, role, assignment)
    messages.success(request, _("The role was taken away."), extra_tags="good")
    return redirect("role", role)


def _told(fault: ChanceryError) -> str:
    return _(str(fault.message))


def _roles(request: HttpRequest, scope: Scope, status: int = 200, **context: object) -> HttpResponse:
    context |= {"roles": custom_roles.listed(scope), "offered": custom_roles.offered(scope)}
    return render(request, "admin/roles.html", FRAME | context, status=status)


def _wanted(request: HttpRequest) -> Wanted:
    return Wanted(tables.key(request, "person"), tables.key(request, "group"), tables.key(request, "collection"))


def _choices(request: HttpRequest, scope: Scope) -> dict[str, Any]:
    chosen = tables.keys(request.GET.getlist("person"))
    shelves = catalog.found(scope, Action.COLLECTION_SEE, "", 1, CHOICES)
    offered = people.offered(scope, chosen=chosen)
    return {"people": offered, "chosen": chosen, "groups": groups.listed(scope), "collections": shelves.rows}


def _asked(request: HttpRequest, scope: Scope, *, may_ask: bool) -> why.Asked:
    """Whoever runs nothing asks of themselves."""
    return why.Asked(
        action=why.action(request.GET.get("action", "")),
        person=tables.key(request, "person") if may_ask else scope.person,
        collection=tables.key(request, "collection"),
        document=tables.key(request, "document"),
        at=why.moment(request.GET.get("at", "")),
    )
