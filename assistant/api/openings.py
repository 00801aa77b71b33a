"""Openings that take two officers: asked for by one, decided by another."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import paging, shapes
from assistant.api.shapes import parse
from assistant.api.view import Operation
from governance.audit.officers import models, openings


class Openings(Operation):
    dangerous = frozenset({"POST"})

    @paging.listing("decided", waiting=serializers.ListField(child=serializers.DictField()))
    def get(self, request: Request) -> Response:
        """Those that wait, oldest first, with their reasons; and what became of the latest others."""
        waiting = [_shown(one.row) | {"reason": one.reason, "case": one.case} for one in openings.waiting(self.caller)]
        over = paging.part(request, openings.decided(self.caller), lambda one: one.row.pk)
        return Response({"waiting": waiting} | paging.told("decided", over, lambda one: _shown(one.row)))

    @extend_schema(request=shapes.OpeningIn, responses={202: dict})
    def post(self, request: Request) -> Response:
        row = openings.ask(self.caller, **parse(shapes.OpeningIn, request.data))
        return Response(_shown(row), status=status.HTTP_202_ACCEPTED)


class Opening(Operation):
    dangerous = frozenset({"POST"})

    @extend_schema(operation_id="v1_audit_openings_decide", request=shapes.DecisionIn, responses={200: dict})
    def post(self, request: Request, opening: uuid.UUID) -> Response:
        approves = parse(shapes.DecisionIn, request.data)["decision"] == "approve"
        return Response(_shown(openings.decide(self.caller, opening, approves=approves)))


def _shown(row: models.Opening) -> dict[str, Any]:
    return {
        "id": row.pk,
        "kind": row.kind,
        "target": row.target,
        "status": row.status,
        "asked_by": row.asked_by,
        "asked_at": row.created_at,
        "decided_by": row.decided_by,
        "expires_at": row.expires_at,
    }
