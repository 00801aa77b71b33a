"""Tenants: how many there are, how large, what they may take; never what is in them."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from assistant.operators import figures
from assistant.views import quotas, tables
from assistant.views.operators import required
from governance import models, operators
from governance import tenants as noun
from governance.errors import Conflict, InvalidInput
from governance.quotas import USUAL

SENT = ("slug", "name", "domain", "admin")
NUMBERS = ("answers_running_max", "answers_waiting_max", "answers_per_person_max", "documents_max", "tokens_per_day")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@required
def listed(request: HttpRequest, operator: models.Operator) -> HttpResponse:
    words = tables.words(request)
    context = {"room": "tenants", "operator": operator, "words": words}
    context["page"] = figures.tenants(words, tables.number(request))
    if request.method != "POST":
        return render(request, "operators/tenants.html", context)
    sent = {name: request.POST.get(name, "")[:254] for name in SENT}
    password, number = request.POST.get("password", "")[:1000], request.request_id  # type: ignore[attr-defined]
    try:
        made = operators.create_tenant(operator, **sent, password=password, request_id=number)
    except (InvalidInput, Conflict) as fault:
        context |= {"fault": fault.message, "sent": sent}
        return render(request, "operators/tenants.html", context, status=fault.status)
    return redirect("operators-tenant", made)


@require_http_methods(["GET", "HEAD", "POST"])
@required
def one(request: HttpRequest, operator: models.Operator, tenant: uuid.UUID) -> HttpResponse:
    context = _about(operator, tenant)
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
def priced(request: HttpRequest, operator: models.Operator, tenant: uuid.UUID) -> HttpResponse:
    """What its models cost, in its currency."""
    try:
        wanted, number = quotas.sent_prices(request), request.request_id  # type: ignore[attr-defined]
        operators.set_prices(operator, tenant, request.POST.get("currency", ""), wanted, number)
    except InvalidInput as fault:
        context = _about(operator, tenant) | {"limits": operators.limits_of(operator, tenant)}
        return render(request, "operators/tenant.html", context | {"price_fault": fault.message}, status=fault.status)
    return redirect("operators-tenant", tenant)


@require_POST
@required
def switch(request: HttpRequest, operator: models.Operator, tenant: uuid.UUID) -> HttpResponse:
    on = request.POST.get("on") == "1"
    operators.switch(operator, tenant, on=on, request_id=request.request_id)  # type: ignore[attr-defined]
    return redirect("operators-tenant", tenant)


def _about(operator: models.Operator, tenant: uuid.UUID) -> dict[str, object]:
    currency, known = operators.prices_of(operator, tenant)
    context: dict[str, object] = {"room": "tenants", "operator": operator, "tenant": figures.tenant(tenant)}
    context |= {"bounds": noun.BOUNDS, "usual": USUAL, "currency": currency}
    return context | {"prices": quotas.price_lines(known)}


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
