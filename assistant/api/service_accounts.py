"""Programs of the house, their keys, and for whom they may act: for admins, and for a key that follows itself by another."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import paging
from assistant.api import service_shapes as shapes
from assistant.api.shapes import parse
from assistant.api.view import Operation
from governance import access, tenants
from governance.actions import Action
from governance.service_accounts import accounts, service_keys
from governance.service_accounts.accounts import Draft
from governance.service_accounts.service_keys import Narrowed


class Accounts(Operation):
    @paging.listing("service_accounts", shapes.AccountOut)
    def get(self, request: Request) -> Response:
        rows = paging.part(request, accounts.listed(self.caller))
        held = service_keys.listed(self.caller, [row.person_id for row in rows.rows])
        told = paging.told("service_accounts", rows, lambda row: shapes.account(row, held.get(row.person_id, [])))
        return Response(told)

    @extend_schema(request=shapes.AccountIn, responses={201: shapes.AccountOut})
    def post(self, request: Request) -> Response:
        new = accounts.create(self.caller, Draft(**parse(shapes.AccountIn, request.data)))
        return Response(shapes.account(accounts.get(self.caller, new), []), status=status.HTTP_201_CREATED)


class Account(Operation):
    dangerous = frozenset({"PATCH"})

    @extend_schema(responses=shapes.AccountOut)
    def get(self, request: Request, service: uuid.UUID) -> Response:
        return self._shown(service)

    @extend_schema(request=shapes.AccountChangeIn, responses=shapes.AccountOut)
    def patch(self, request: Request, service: uuid.UUID) -> Response:
        """Each part is a change of its own on the record: what it is, for whom it may act, whether it is switched on."""
        asked = parse(shapes.AccountChangeIn, request.data, partial=True)
        row = accounts.get(self.caller, service)
        said = {"name": row.person.name, "purpose": row.purpose, "owner": row.owner_id}
        if named := {name: value for name, value in asked.items() if name in said}:
            accounts.change(self.caller, service, Draft(**(said | named)))
        if "permission" in asked:
            accounts.permit(self.caller, service, **_permission(asked["permission"]))
        if "is_active" in asked:
            (accounts.switch_on if asked["is_active"] else accounts.switch_off)(self.caller, service)
        return self._shown(service)

    def _shown(self, service: uuid.UUID) -> Response:
        row = accounts.get(self.caller, service)
        return Response(shapes.account(row, service_keys.listed(self.caller, [service]).get(service, [])))


class Keys(Operation):
    dangerous = frozenset({"POST"})

    @extend_schema(request=shapes.KeyIn, responses={201: shapes.MadeOut})
    def post(self, request: Request, service: uuid.UUID) -> Response:
        asked = parse(shapes.KeyIn, request.data)
        narrowed = _narrowed(asked)
        made = service_keys.issue(self.caller, service, asked["name"], asked["scopes"], asked["days"], narrowed)
        return Response(shapes.made(made), status=status.HTTP_201_CREATED)


class Key(Operation):
    dangerous = frozenset({"PUT"})

    @extend_schema(request=shapes.NarrowedIn, responses={204: None})
    def put(self, request: Request, service: uuid.UUID, key: uuid.UUID) -> Response:
        """What it is narrowed by, all of it: what is not sent narrows it no longer."""
        service_keys.narrow(self.caller, service, key, _narrowed(parse(shapes.NarrowedIn, request.data)))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, service: uuid.UUID, key: uuid.UUID) -> Response:
        service_keys.end(self.caller, service, key)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Rotate(Operation):
    dangerous = frozenset({"POST"})

    @extend_schema(request=shapes.RotateIn, responses={201: shapes.MadeOut})
    def post(self, request: Request, service: uuid.UUID, key: uuid.UUID) -> Response:
        """A new key that may the same; this one goes on for the overlap and ends by itself. A key may do this of itself."""
        asked = parse(shapes.RotateIn, request.data)
        made = service_keys.rotate(self.caller, service, key, asked["days"], asked["overlap_hours"])
        return Response(shapes.made(made), status=status.HTTP_201_CREATED)


class Rules(Operation):
    dangerous = frozenset({"PUT"})

    @extend_schema(responses=shapes.RulesOut)
    def get(self, request: Request) -> Response:
        access.require(self.caller, Action.TENANT_MANAGE)
        return self._shown()

    @extend_schema(request=shapes.RulesIn, responses=shapes.RulesOut)
    def put(self, request: Request) -> Response:
        asked = parse(shapes.RulesIn, request.data)
        tenants.rule_keys(self.caller, allows_personal=asked["allows_personal_keys"], days_max=asked["key_days_max"])
        return self._shown()

    def _shown(self) -> Response:
        row = tenants.current(self.caller)
        return Response({"allows_personal_keys": row.allows_personal_keys, "key_days_max": row.key_days_max})


def _narrowed(asked: dict[str, Any]) -> Narrowed:
    return Narrowed(tuple(asked["allowed"]), asked["per_minute"], asked["tokens_per_day"])


def _permission(asked: dict[str, Any]) -> dict[str, Any]:
    return {"acts_for": asked["acts_for"], "group": asked.get("group"), "audiences": asked.get("audiences", [])}
