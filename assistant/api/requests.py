"""Asking for access: what may be asked for, what was asked, and deciding it."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import paging, shapes
from assistant.api.shapes import Id, onward, parse
from assistant.api.view import Operation
from governance.errors import NotFound
from governance.requests import asking, deciding, offers
from governance.requests.asking import Wish
from governance.requests.models import Offer as OfferRow
from governance.requests.models import Status
from governance.requests.offers import DAYS_MOST, LAPSES_MOST, Draft
from governance.roles import Level

LEVELS = [Level.READ.name.lower(), Level.CONTRIBUTE.name.lower()]
MINE, WAITING = "mine", "waiting"


class OfferIn(serializers.Serializer):  # type: ignore[type-arg]
    """Without `groups` everybody sees it; without `approvers`, a group, those decide who manage the collection."""

    title = serializers.CharField(max_length=200)
    summary = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    level_most = serializers.ChoiceField(LEVELS, required=False, default="read")
    approvals = serializers.IntegerField(min_value=1, max_value=2, required=False, default=1)
    days_most = serializers.IntegerField(min_value=1, max_value=DAYS_MOST, required=False, default=90)
    lapse_days = serializers.IntegerField(min_value=1, max_value=LAPSES_MOST, required=False, default=14)
    approvers = Id(required=False, allow_null=True, default=None)
    groups = serializers.ListField(child=Id(), required=False, default=list, max_length=50)


class OfferOut(OfferIn):
    id = Id()


class OfferedOut(serializers.Serializer):  # type: ignore[type-arg]
    """`held` is what the caller may there already; `is_asked` that a request of theirs waits."""

    id = Id()
    title = serializers.CharField()
    summary = serializers.CharField()
    level_most = serializers.ChoiceField(LEVELS)
    days_most = serializers.IntegerField()
    held = serializers.ChoiceField(shapes.LEVELS, allow_null=True)
    is_asked = serializers.BooleanField()


class OffersOut(serializers.Serializer):  # type: ignore[type-arg]
    offers = OfferedOut(many=True)
    total = serializers.IntegerField()
    next = onward()


class WishIn(serializers.Serializer):  # type: ignore[type-arg]
    offer = Id()
    level = serializers.ChoiceField(LEVELS, required=False, default="read")
    days = serializers.IntegerField(min_value=1, max_value=DAYS_MOST)
    reason = serializers.CharField(max_length=asking.REASON_MOST)


class ApproveIn(serializers.Serializer):  # type: ignore[type-arg]
    level = serializers.ChoiceField(LEVELS, required=False, allow_null=True, default=None)
    days = serializers.IntegerField(min_value=1, max_value=DAYS_MOST, required=False, allow_null=True, default=None)


class RefuseIn(serializers.Serializer):  # type: ignore[type-arg]
    answer = serializers.CharField(max_length=deciding.ANSWER_MOST)


class ApprovalOut(serializers.Serializer):  # type: ignore[type-arg]
    person = Id()
    level = serializers.ChoiceField(LEVELS)
    days = serializers.IntegerField()
    at = serializers.DateTimeField()


class GivenOut(serializers.Serializer):  # type: ignore[type-arg]
    collection = Id()
    level = serializers.ChoiceField(LEVELS)
    until = serializers.DateTimeField()


class RequestOut(serializers.Serializer):  # type: ignore[type-arg]
    """`given` once it was approved; `answer` are the words of whoever refused."""

    id = Id()
    title = serializers.CharField()
    person = Id()
    level = serializers.ChoiceField(LEVELS)
    days = serializers.IntegerField()
    reason = serializers.CharField()
    status = serializers.ChoiceField(Status.values)
    asked_at = serializers.DateTimeField()
    lapses_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField(allow_blank=True)
    given = GivenOut(allow_null=True)
    approvals = ApprovalOut(many=True)


class RequestsOut(serializers.Serializer):  # type: ignore[type-arg]
    requests = RequestOut(many=True)
    total = serializers.IntegerField()
    next = onward()


class OffersIn(paging.ListIn):
    q = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class WhoseIn(paging.ListIn):
    of = serializers.ChoiceField([MINE, WAITING], required=False, default=MINE)


class Offers(Operation):
    @extend_schema(parameters=[OffersIn], responses={200: OffersOut})
    def get(self, request: Request) -> Response:
        """What the caller may ask for. Nothing else is told of it, and nothing of what is not offered."""
        asked = parse(OffersIn, request.query_params)
        page, total = offers.onward(self.caller, asked["q"], asked["cursor"], asked["limit"])
        return Response(paging.told("offers", page, _offered) | {"total": total})


class Offer(Operation):
    @extend_schema(responses={200: OfferOut})
    def get(self, request: Request, collection: uuid.UUID) -> Response:
        """How a collection may be asked for; for who manages it."""
        row = offers.of(self.caller, collection)
        if row is None:
            raise NotFound(offers.GONE)
        return Response(_offer(row))

    @extend_schema(request=OfferIn, responses={200: OfferOut})
    def put(self, request: Request, collection: uuid.UUID) -> Response:
        """Let a collection be asked for, under a name and a line that are all that is shown of it."""
        asked = parse(OfferIn, request.data)
        level, shown_to = Level[asked.pop("level_most").upper()], tuple(asked.pop("groups"))
        return Response(_offer(offers.put(self.caller, collection, Draft(**asked, level_most=level, groups=shown_to))))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, collection: uuid.UUID) -> HttpResponse:
        """It may be asked for no more; what waits lapses."""
        offers.withdraw(self.caller, collection)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Requests(Operation):
    @extend_schema(parameters=[WhoseIn], responses={200: RequestsOut})
    def get(self, request: Request) -> Response:
        """`of=mine`: what the caller has asked for; `of=waiting`: what waits for them to decide."""
        asked = parse(WhoseIn, request.query_params)
        if asked["of"] == WAITING:
            rows = [one.row for one in deciding.waiting(self.caller)]
            page, total = paging.part(request, rows), len(rows)
        else:
            page, total = asking.onward(self.caller, asked["cursor"], asked["limit"])
        return Response(paging.told("requests", page, deciding.told) | {"total": total})

    @extend_schema(request=WishIn, responses={201: RequestOut})
    def post(self, request: Request) -> Response:
        """Ask for what is offered: how far, for how long, and what for."""
        asked = parse(WishIn, request.data)
        wish = Wish(Level[asked["level"].upper()], asked["days"], asked["reason"])
        row = asking.ask(self.caller, asked["offer"], wish)
        return Response(deciding.told(row), status=status.HTTP_201_CREATED)


class Asked(Operation):
    @extend_schema(responses={200: RequestOut})
    def get(self, request: Request, asked: uuid.UUID) -> Response:
        """One's own, or one that one decides or has decided."""
        return Response(deciding.told(deciding.get(self.caller, asked)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, asked: uuid.UUID) -> HttpResponse:
        """Withdraw one's own."""
        asking.withdraw(self.caller, asked)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Approve(Operation):
    @extend_schema(request=ApproveIn, responses={200: RequestOut})
    def post(self, request: Request, asked: uuid.UUID) -> Response:
        """As it was asked for, or with a lower level or fewer days."""
        deciding.get(self.caller, asked)  # refused before what was sent is looked at
        sent = parse(ApproveIn, request.data)
        level = Level[sent["level"].upper()] if sent["level"] else None
        return Response(deciding.told(deciding.approve(self.caller, asked, level, sent["days"])))


class Refuse(Operation):
    @extend_schema(request=RefuseIn, responses={200: RequestOut})
    def post(self, request: Request, asked: uuid.UUID) -> Response:
        """With words for whoever asked."""
        deciding.get(self.caller, asked)
        return Response(deciding.told(deciding.refuse(self.caller, asked, parse(RefuseIn, request.data)["answer"])))


def _offer(row: OfferRow) -> dict[str, Any]:
    names = ("title", "summary", "approvals", "days_most", "lapse_days", "groups")
    told = {"id": row.pk} | {name: getattr(row, name) for name in names}
    return told | {"level_most": Level(row.level_most).name.lower(), "approvers": row.approvers_id}


def _offered(one: offers.Offered) -> dict[str, Any]:
    row = one.row
    return {
        "id": row.pk,
        "title": row.title,
        "summary": row.summary,
        "level_most": Level(row.level_most).name.lower(),
        "days_most": row.days_most,
        "held": one.level.name.lower() if one.level else None,
        "is_asked": one.waits,
    }
