"""What may be used of the models: limits and how they stand, who uses most, and what the models cost."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assistant.views import signed_in, tables
from assistant.views.parsing import parsed_id
from governance import access, groups, keys, people, quotas, tenants
from governance.actions import Action
from governance.errors import InvalidInput, NotFound
from governance.quotas import alerts, limits, prices, using
from governance.quotas.limits import Draft, Subject
from governance.quotas.models import Measure, Per
from governance.quotas.prices import Priced
from governance.scope import Scope
from inference import runners


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    access.require(scope, Action.TENANT_MANAGE)  # refused before what was sent is looked at
    if request.method != "POST":
        return _page(request, scope)
    try:
        limits.write(scope, _draft(request))
    except (InvalidInput, NotFound) as fault:
        return _page(request, scope, status=fault.status, fault=fault.message, sent=request.POST)
    messages.success(request, _("Saved. It holds from the next question on."), extra_tags="good")
    return redirect("quotas")


@require_POST
@signed_in.required
def delete(request: HttpRequest, scope: Scope, limit: uuid.UUID) -> HttpResponse:
    limits.take_away(scope, limit)
    messages.success(request, _("That limit holds no more."), extra_tags="good")
    return redirect("quotas")


@require_POST
@signed_in.required
def priced(request: HttpRequest, scope: Scope) -> HttpResponse:
    access.require(scope, Action.TENANT_MANAGE)
    try:
        prices.write(scope, request.POST.get("currency", ""), sent_prices(request))
    except InvalidInput as fault:
        return _page(request, scope, status=fault.status, price_fault=fault.message)
    messages.success(request, _("Saved. Answers cost that from now on."), extra_tags="good")
    return redirect("quotas")


def sent_prices(request: HttpRequest) -> dict[str, Priced]:
    """What a form with a line a model holds; a line that is empty is a model without a price. Raises InvalidInput."""
    models, post = request.POST.getlist("model"), request.POST
    lines = zip(models, post.getlist("read"), post.getlist("written"), strict=False)
    found = {model: Priced(_number(read or "0"), _number(written or "0")) for model, read, written in lines}
    return {model: one for model, one in found.items() if one != Priced(Decimal(0), Decimal(0))}


def price_lines(known: Mapping[str, Priced]) -> list[tuple[str, Priced | None]]:
    """Every model that may be asked, and what else has a price."""
    return [(model, known.get(model)) for model in dict.fromkeys([*_models(), *known])]


def _page(request: HttpRequest, scope: Scope, status: int = 200, **context: object) -> HttpResponse:
    context |= {"room": "admin", "part": "quotas", "limits": limits.listed(scope), "alerts": alerts.listed(scope)}
    context |= {"using": using.most(scope), "currency": tenants.current(scope).currency}
    context |= {"prices": price_lines(prices.listed(scope)), "models": _models(), "usual": quotas.USUAL}
    chosen = tables.keys([request.POST.get("subject", "")])  # a person, where what was sent is shown again
    context |= {"groups": groups.listed(scope), "people": people.offered(scope, chosen=chosen), "chosen": chosen}
    context["keys"] = keys.listed(scope)
    return render(request, "admin/quotas.html", context, status=status)


def _models() -> list[str]:
    return [quotas.USUAL, *runners.further_chats(), *(one.name for one in runners.embedders())]


def _draft(request: HttpRequest) -> Draft:
    sent = request.POST
    try:
        measure, per = Measure(sent.get("measure", "")), Per(sent.get("per", ""))
    except ValueError:
        raise InvalidInput(_("Choose what is counted, and for how long.")) from None
    alert_at = [_percent(one) for one in sent.get("alert_at", "").replace(",", " ").split()]
    return Draft(_subject(sent.get("subject", "")), measure, per, _number(sent.get("limit", "")), alert_at)


def _subject(text: str) -> Subject:
    """Whom a choice names: "each", "person:" with an id and so on, and the organisation where it is empty."""
    kind, _sep, named = text.partition(":")
    if kind == "model":
        return Subject(model=named)
    if kind in {"person", "group", "key"}:
        chosen: dict[str, Any] = {kind: parsed_id(named)}
        return Subject(**chosen)
    if kind == "each":
        return Subject(group=parsed_id(named) if named else None, is_each=True)
    if kind == "tenant":
        return Subject()
    raise InvalidInput(_("Choose whose limit it is."))


def _number(text: str) -> Decimal:
    """With a point or a comma before its places."""
    plain = text.strip().replace(" ", "")
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    try:
        found = Decimal(plain)
    except InvalidOperation:
        raise InvalidInput(_("That is not a number.")) from None
    if not found.is_finite() or len(plain) > 24:
        raise InvalidInput(_("That is not a number."))
    return found


def _percent(text: str) -> int:
    plain = text.removesuffix("%")
    if not (plain.isascii() and plain.isdigit() and len(plain) < 4):
        raise InvalidInput(_("Give percents as whole numbers, such as 80 and 100."))
    return int(plain)
