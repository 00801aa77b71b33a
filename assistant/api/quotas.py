"""Limits of the models' use and what models cost, for a tenant's admins."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import paging
from assistant.api.contract import QuotaOut
from assistant.api.shapes import Id, parse
from assistant.api.view import Operation
from governance import access, tenants
from governance.actions import Action
from governance.quotas import limits, prices
from governance.quotas.limits import Draft, Limit, Subject
from governance.quotas.models import ALERT_AT, Measure, Per
from governance.quotas.prices import Priced

DIGITS, PLACES = 20, 6


class LimitIn(serializers.Serializer):  # type: ignore[type-arg]
    person = Id(required=False, allow_null=True, default=None)
    group = Id(required=False, allow_null=True, default=None)
    key = Id(required=False, allow_null=True, default=None)
    model = serializers.CharField(
        max_length=limits.MODEL_LONGEST,
        required=False,
        allow_blank=True,
        default="",
        help_text="`usual`, or the name of a further model.",
    )
    is_each = serializers.BooleanField(
        required=False, default=False, help_text="One for every person of the organisation, or of the group."
    )
    measure = serializers.ChoiceField(Measure.choices)
    per = serializers.ChoiceField(Per.choices)
    limit = serializers.DecimalField(
        DIGITS, PLACES, help_text="In tokens, in seconds, or in the organisation's currency."
    )
    alert_at = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=limits.PERCENT_MOST),
        max_length=limits.ALERTS_MOST,
        required=False,
        default=list(ALERT_AT),
        help_text="Percents of it at which the admins are told.",
    )


class LimitOut(QuotaOut):
    """A limit with what is used of it: with `is_each`, by whoever used most."""

    id = Id(allow_null=True, help_text="Null for the organisation's tokens a day, which stand among its settings.")
    subject = serializers.CharField(allow_blank=True, help_text="An id, or a model's name; empty for the organisation.")
    alert_at = serializers.ListField(child=serializers.IntegerField())


class PriceInOut(serializers.Serializer):  # type: ignore[type-arg]
    model = serializers.CharField(max_length=prices.LONGEST)
    read = serializers.DecimalField(
        DIGITS, PLACES, min_value=Decimal(0), max_value=prices.MOST, help_text="For 1,000 tokens."
    )
    written = serializers.DecimalField(
        DIGITS, PLACES, min_value=Decimal(0), max_value=prices.MOST, help_text="For 1,000 tokens."
    )


class PricesInOut(serializers.Serializer):  # type: ignore[type-arg]
    currency = serializers.RegexField(r"^[A-Z]{3}\Z", help_text="By its three letters.")
    prices = PriceInOut(many=True)


class Limits(Operation):
    @paging.listing("limits", LimitOut)
    def get(self, request: Request) -> Response:
        """Every limit that is set, with what is used of it in its day or month."""
        part = paging.part(request, limits.listed(self.caller), lambda one: one.id)
        return Response(paging.told("limits", part, _shown))

    @extend_schema(request=LimitIn, responses=LimitOut)
    def put(self, request: Request) -> Response:
        """Sets one, or another amount for it: for the same subject, measure and period there is one."""
        sent = parse(LimitIn, request.data)
        whose = Subject(sent["person"], sent["group"], sent["key"], sent["model"], sent["is_each"])
        what = Measure(sent["measure"]), Per(sent["per"])
        made = limits.write(self.caller, Draft(whose, *what, sent["limit"], sent["alert_at"]))
        return Response(next(_shown(one) for one in limits.listed(self.caller) if one.id == made))


class OneLimit(Operation):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, limit: uuid.UUID) -> Response:
        limits.take_away(self.caller, limit)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Prices(Operation):
    @extend_schema(responses=PricesInOut)
    def get(self, request: Request) -> Response:
        """What the models cost; one that is not named costs nothing."""
        access.require(self.caller, Action.TENANT_MANAGE)
        found = prices.listed(self.caller)
        rows = [{"model": model, "read": one.read, "written": one.written} for model, one in found.items()]
        return Response(PricesInOut({"currency": tenants.current(self.caller).currency, "prices": rows}).data)

    @extend_schema(request=PricesInOut, responses=PricesInOut)
    def put(self, request: Request) -> Response:
        """All of them anew, for what is settled from now on."""
        sent = parse(PricesInOut, request.data)
        wanted = {one["model"]: Priced(one["read"], one["written"]) for one in sent["prices"]}
        prices.write(self.caller, sent["currency"], wanted)
        return self.get(request)


def _shown(one: Limit) -> dict[str, Any]:
    return {"id": one.id, "subject": one.subject} | one.bound.as_json() | {"alert_at": list(one.bound.alert_at)}
