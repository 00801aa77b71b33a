"""Who may do what, and why: the table of what was given, explanations, and the tenant's own roles."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant import access_table, why
from assistant.access_table import Row, Wanted
from assistant.api import paging
from assistant.api.shapes import Id, parse
from assistant.api.view import Operation
from governance import custom_roles
from governance.grants import Holder
from governance.models import CustomRole
from governance.roles import CUSTOM_ACTIONS

CLOSED = [str(action) for action in CUSTOM_ACTIONS]


class TableIn(paging.ListIn):
    person = Id(required=False, allow_null=True, default=None)
    group = Id(required=False, allow_null=True, default=None)
    collection = Id(required=False, allow_null=True, default=None)


class ExplainIn(serializers.Serializer):  # type: ignore[type-arg]
    person = Id(required=False, allow_null=True, default=None)
    collection = Id(required=False, allow_null=True, default=None)
    document = Id(required=False, allow_null=True, default=None)
    key = Id(required=False, allow_null=True, default=None)
    action = serializers.CharField(max_length=40, required=False, default="")
    at = serializers.CharField(max_length=40, required=False, default="")


class RoleIn(serializers.Serializer):  # type: ignore[type-arg]
    name = serializers.CharField(max_length=200)
    actions = serializers.ListField(child=serializers.ChoiceField(CLOSED), min_length=1, max_length=len(CLOSED))


class HolderIn(serializers.Serializer):  # type: ignore[type-arg]
    person = Id(required=False, allow_null=True, default=None)
    group = Id(required=False, allow_null=True, default=None)
    until = serializers.DateTimeField(required=False, allow_null=True, default=None)


def _query(*names: str) -> list[OpenApiParameter]:
    return [OpenApiParameter(name, str, OpenApiParameter.QUERY) for name in names]


class Table(Operation):
    @paging.listing("rows", parameters=[TableIn], total=serializers.IntegerField())
    def get(self, request: Request) -> Response:
        """Roles and grants, row by row, of what the caller runs. Of a person: with what their groups hold."""
        asked = parse(TableIn, request.query_params)
        wanted = Wanted(asked["person"], asked["group"], asked["collection"])
        page, total = access_table.onward(self.caller, wanted, asked["cursor"], asked["limit"])
        return Response(paging.told("rows", page, Row.told) | {"total": total})


class Explain(Operation):
    @extend_schema(parameters=_query("person", "collection", "document", "action", "at", "key"), responses={200: dict})
    def get(self, request: Request) -> Response:
        """Why a person may or may not; without a person, who may. `at` is any moment since the history began."""
        asked = parse(ExplainIn, request.query_params)
        wanted = why.Asked(
            action=why.action(asked["action"]),
            person=asked["person"],
            collection=asked["collection"],
            document=asked["document"],
            at=why.moment(asked["at"]),
            key=asked["key"],
        )
        return Response(why.as_json(why.tell(self.caller, wanted)))


class Roles(Operation):
    @paging.listing("roles", offered=serializers.ListField(child=serializers.CharField()))
    def get(self, request: Request) -> Response:
        offered = [str(action) for action in custom_roles.offered(self.caller)]
        rows = paging.part(request, custom_roles.listed(self.caller))
        return Response(paging.told("roles", rows, shown) | {"offered": offered})

    @extend_schema(request=RoleIn, responses={201: dict})
    def post(self, request: Request) -> Response:
        asked = parse(RoleIn, request.data)
        made = custom_roles.create(self.caller, asked["name"], asked["actions"])
        return Response(shown(custom_roles.get(self.caller, made)), status=status.HTTP_201_CREATED)


class Role(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, role: uuid.UUID) -> Response:
        return Response(shown(custom_roles.get(self.caller, role)))

    @extend_schema(request=RoleIn, responses={200: dict})
    def put(self, request: Request, role: uuid.UUID) -> Response:
        asked = parse(RoleIn, request.data)
        custom_roles.change(self.caller, role, asked["name"], asked["actions"])
        return Response(shown(custom_roles.get(self.caller, role)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, role: uuid.UUID) -> HttpResponse:
        custom_roles.delete(self.caller, role)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Holders(Operation):
    @extend_schema(request=HolderIn, responses={201: dict})
    def post(self, request: Request, role: uuid.UUID) -> Response:
        asked = parse(HolderIn, request.data)
        custom_roles.give(self.caller, role, Holder(asked["person"], asked["group"]), until=asked["until"])
        return Response(shown(custom_roles.get(self.caller, role)), status=status.HTTP_201_CREATED)


class HolderOf(Operation):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, role: uuid.UUID, assignment: uuid.UUID) -> HttpResponse:
        custom_roles.take(self.caller, role, assignment)
        return Response(status=status.HTTP_204_NO_CONTENT)


def shown(row: CustomRole) -> dict[str, Any]:
    holders = [
        {"id": one.pk, "person": one.person_id, "group": one.group_id, "until": one.ends_at}
        for one in row.assignments.all()
    ]
    return {"id": row.pk, "name": row.name, "actions": row.actions, "holders": holders}
