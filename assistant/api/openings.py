"""Openings that take two officers: asked for by one, decided by another."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import shapes
from assistant.api.shapes import parse
from assistant.api.view import Operation
from governance.audit.officers import models, openings


class Openings(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request) -> Response:
        """Those that wait, oldest first, with their reasons; and what became of the latest others."""
        waiting = [_shown(one.row) | {"reason": one.reason, "case": one.case} for one in openings.waiting(self.caller)]
        return Response({"waiting": waiting, "decided": [_shown(one.row) for one in openings.decided(self.caller)]})

    @extend_schema(request=shapes.OpeningIn, responses={202: dict})
    def post(self, request: Request) -> Response:
        row = openings.ask(self.caller, **parse(shapes.OpeningIn, request.data))
        return Response(_shown(row), status=status.HTTP_202_ACCEPTED)


class Opening(Operation):
    @extend_schema(request=shapes.DecisionIn, responses={200: dict})
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
