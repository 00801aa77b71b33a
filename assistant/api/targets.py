"""Where the record is sent to, with the numbers that say how far each target has got."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import paging, shapes
from assistant.api.shapes import parse
from assistant.api.view import Operation
from governance.audit.out import targets
from governance.audit.out.targets import Draft, State


class Targets(Operation):
    dangerous = frozenset({"POST"})

    @paging.listing("targets")
    def get(self, request: Request) -> Response:
        rows = paging.part(request, targets.listed(self.caller), lambda state: state.row.pk)
        return Response(paging.told("targets", rows, shown))

    @extend_schema(request=shapes.TargetIn, responses={201: dict})
    def post(self, request: Request) -> Response:
        """The `secret` that signs a webhook's requests is in this answer, and never again."""
        sent = parse(shapes.TargetIn, request.data)
        from_now = sent.pop("from_now")
        target, secret = targets.create(self.caller, Draft(**sent), from_now=from_now)
        told = shown(targets.get(self.caller, target)) | ({"secret": secret} if secret else {})
        return Response(told, status=status.HTTP_201_CREATED)


class Target(Operation):
    dangerous = frozenset({"PATCH"})

    @extend_schema(responses={200: dict})
    def get(self, request: Request, target: uuid.UUID) -> Response:
        return Response(shown(targets.get(self.caller, target)))

    @extend_schema(request=shapes.TargetIn, responses={200: dict})
    def patch(self, request: Request, target: uuid.UUID) -> Response:
        row = targets.get(self.caller, target).row
        plain = {name: getattr(row, name) for name in ("name", "kind", "address", "format", "is_enabled", "only")}
        sent = parse(shapes.TargetIn, request.data, partial=True)
        sent.pop("from_now", None)
        targets.change(self.caller, target, Draft(**(plain | sent)))
        return Response(shown(targets.get(self.caller, target)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, target: uuid.UUID) -> Response:
        targets.delete(self.caller, target)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Retry(Operation):
    @extend_schema(request=None, responses={200: dict})
    def post(self, request: Request, target: uuid.UUID) -> Response:
        targets.retry(self.caller, target)
        return Response(shown(targets.get(self.caller, target)))


class Secret(Operation):
    dangerous = frozenset({"POST"})

    @extend_schema(request=None, responses={200: dict})
    def post(self, request: Request, target: uuid.UUID) -> Response:
        return Response({"secret": targets.renew_secret(self.caller, target)})


class Words(Operation):
    dangerous = frozenset({"POST"})

    @extend_schema(request=shapes.TargetWordsIn, responses={200: dict})
    def post(self, request: Request, target: uuid.UUID) -> Response:
        sent = parse(shapes.TargetWordsIn, request.data)
        targets.carry_words(self.caller, target, carries=sent["carries"], reason=sent["reason"])
        return Response(shown(targets.get(self.caller, target)))


def shown(state: State) -> dict[str, Any]:
    """`behind` counts sealed events that have not arrived; `waits_since` is when the first of them was recorded."""
    row = state.row
    return {
        "id": row.pk,
        "name": row.name,
        "kind": row.kind,
        "address": row.address,
        "format": row.format,
        "is_enabled": row.is_enabled,
        "only": row.only,
        "carries_words": row.carries_words,
        "next_index": state.next_index,
        "behind": state.behind,
        "heads_behind": state.heads_behind,
        "waits_since": state.waits_since,
        "sent": state.sent,
        "sent_at": state.sent_at,
        "failures": state.failures,
        "failing_since": state.failing_since,
        "last_error": state.last_error,
        "next_try_at": state.next_try_at,
    }
