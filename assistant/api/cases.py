"""Cases of the compliance officers: answers and notes about one matter, held and taken away."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import paging, shapes
from assistant.api.record import shown
from assistant.api.shapes import parse
from assistant.api.view import Operation
from governance.audit.officers import cases, custody
from governance.scope import Scope


class CasesIn(paging.ListIn):
    state = serializers.ChoiceField(["open", "closed"], required=False, default="open")


class Cases(Operation):
    @paging.listing("cases", parameters=[CasesIn], total=serializers.IntegerField())
    def get(self, request: Request) -> Response:
        """The newest first."""
        asked = parse(CasesIn, request.query_params)
        is_closed = asked["state"] == "closed"
        page, total = cases.onward(self.caller, asked["cursor"], asked["limit"], is_closed=is_closed)
        return Response(paging.told("cases", page, _listed) | {"total": total})

    @extend_schema(request=shapes.CaseIn, responses={201: dict})
    def post(self, request: Request) -> Response:
        asked = parse(shapes.CaseIn, request.data)
        with self.caller.transaction():
            made = cases.create(self.caller, asked["title"]).pk
            cases.add(self.caller, made, asked["interactions"])
        return Response(_whole(self.caller, made), status=status.HTTP_201_CREATED)


class Case(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, case: uuid.UUID) -> Response:
        return Response(_whole(self.caller, case))

    @extend_schema(request=shapes.CaseChangeIn, responses={200: dict})
    def patch(self, request: Request, case: uuid.UUID) -> Response:
        """All that is named, or nothing of it."""
        asked = parse(shapes.CaseChangeIn, request.data, partial=True)
        with self.caller.transaction():
            _change(self.caller, case, asked)
        return Response(_whole(self.caller, case))


class Notes(Operation):
    @extend_schema(request=shapes.NoteIn, responses={201: dict})
    def post(self, request: Request, case: uuid.UUID) -> Response:
        made = cases.note(self.caller, case, parse(shapes.NoteIn, request.data)["text"])
        return Response({"event": made}, status=status.HTTP_201_CREATED)


class Bundle(Operation):
    dangerous = frozenset({"POST"})

    @extend_schema(request=shapes.BundleIn, responses={202: dict})
    def post(self, request: Request, case: uuid.UUID) -> Response:
        """It is fetched from `url` once a signed head covers it: some seconds."""
        bundle = custody.export(self.caller, case, **parse(shapes.BundleIn, request.data))
        address = f"/api/v1/audit/exports/{bundle}"
        return Response({"id": bundle, "status": "waiting", "url": address}, status=202, headers={"Location": address})


def _change(caller: Scope, case: uuid.UUID, asked: dict[str, Any]) -> None:
    if asked.get("is_closed") is False:
        cases.reopen(caller, case)
    if "add" in asked:
        cases.add(caller, case, asked["add"])
    if "take_out" in asked:
        cases.take_out(caller, case, asked["take_out"])
    if asked.get("is_closed"):
        cases.close(caller, case)


def _whole(caller: Scope, case: uuid.UUID) -> dict[str, Any]:
    whole = cases.get(caller, case)
    return {
        "id": whole.row.pk,
        "title": whole.title,
        "created_at": whole.row.created_at,
        "created_by": whole.row.created_by,
        "closed_at": whole.row.closed_at,
        "hold": whole.hold.pk if whole.hold else None,
        "answers": [
            {
                "interaction": one.interaction,
                "added_by": one.added_by,
                "added_at": one.added_at,
                "asked": shown(one.asked) if one.asked else None,
            }
            for one in whole.items
        ],
        "notes": [{"event": one.event, "at": one.at, "by": one.by, "text": one.text} for one in whole.notes],
    }


def _listed(one: cases.Titled) -> dict[str, Any]:
    return {"id": one.row.pk, "title": one.title, "answers": one.amount, "created_at": one.row.created_at}
