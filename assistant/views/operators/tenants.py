"""Tenants: how many there are, how large, what they may take; never what is in them."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from assistant.operators import figures
from assistant.views.operators import required
from governance import models, operators
from governance import tenants as noun
from governance.errors import Conflict, InvalidInput

SENT = ("slug", "name", "domain", "admin")
NUMBERS = ("answers_running_max", "answers_waiting_max", "answers_per_person_max", "documents_max", "tokens_per_day")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@required
def listed(request: HttpRequest, operator: models.Operator) -> HttpResponse:
    context = {"room": "tenants", "operator": operator}
    if request.method != "POST":
        return render(request, "operators/tenants.html", context | {"tenants": figures.tenants()})
    sent = {name: request.POST.get(name, "")[:254] for name in SENT}
    password, number = request.POST.get("password", "")[:1000], request.request_id  # type: ignore[attr-defined]
    try:
        made = operators.create_tenant(operator, **sent, password=password, request_id=number)
    except (InvalidInput, Conflict) as fault:
        context |= {"tenants": figures.tenants(), "fault": fault.message, "sent": sent}
        return render(request, "operators/tenants.html", context, status=fault.status)
    return redirect("operators-tenant", made)


@require_http_methods(["GET", "HEAD", "POST"])
@required
def one(request: HttpRequest, operator: models.Operator, tenant: uuid.UUID) -> HttpResponse:
    found = figures.tenant(tenant)
    context = {"room": "tenants", "operator": operator, "tenant": found, "bounds": noun.BOUNDS}
    if request.method == "POST":
        try:
            operators.set_limits(operator, tenant, _limits(request), request.request_id)  # type: ignore[attr-defined]
        except InvalidInput as fault:
            sent = {name: request.POST.get(name, "")[:20] for name in NUMBERS}
            sent["allows_model_only"] = request.POST.get("allows_model_only", "")
            return render(
                request, "operators/tenant.html", context | {"limits": sent, "fault": fault.message}, status=400
            )
        return redirect("operators-tenant", tenant)
    return render(request, "operators/tenant.html", context | {"limits": operators.limits_of(operator, tenant)})


@require_POST
@required
def switch(request: HttpRequest, operator: models.Operator, tenant: uuid.UUID) -> HttpResponse:
    on = request.POST.get("on") == "1"
    operators.switch(operator, tenant, on=on, request_id=request.request_id)  # type: ignore[attr-defined]
    return redirect("operators-tenant", tenant)


def _limits(request: HttpRequest) -> noun.Limits:
    numbers = {name: _number(request.POST.get(name, "")) for name in NUMBERS}
    if any(value is None for name, value in numbers.items() if name != "tokens_per_day"):
        raise InvalidInput(_("Only the tokens of a day may be left empty."))
    return noun.Limits(**numbers, allows_model_only=request.POST.get("allows_model_only") == "1")  # type: ignore[arg-type]


def _number(text: str) -> int | None:
    plain = text.strip()
    if not plain:
        return None
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 12):
        raise InvalidInput(_("A limit is a number in digits."))
    return int(plain)
