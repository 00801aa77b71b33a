"""Assistants over the API: those that one finds, and composing them."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant import models
from assistant.api import conversation_shapes as shapes
from assistant.api import paging
from assistant.api.shapes import parse
from assistant.api.view import Operation
from assistant.conversations import assistants
from assistant.conversations.assistants import Draft
from governance import access
from governance.actions import Action


class Assistants(Operation):
    @paging.listing("assistants")
    def get(self, request: Request) -> Response:
        rows = paging.part(request, assistants.offered(self.caller))
        return Response(paging.told("assistants", rows, _offered))

    @extend_schema(request=shapes.AssistantIn, responses={201: dict})
    def post(self, request: Request) -> Response:
        access.require(self.caller, Action.TENANT_MANAGE)  # refused before what was sent is looked at
        row = assistants.compose(self.caller, Draft(**parse(shapes.AssistantIn, request.data)))
        return Response(_composed(row), status=status.HTTP_201_CREATED)


class Assistant(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, assistant: uuid.UUID) -> Response:
        """All of it for those who compose, and for others what they find."""
        if access.decide(self.caller, Action.TENANT_MANAGE).allowed:
            return Response(_composed(assistants.composed(self.caller, assistant)))
        return Response(_offered(assistants.get(self.caller, assistant)))

    @extend_schema(request=shapes.AssistantIn, responses={200: dict})
    def put(self, request: Request, assistant: uuid.UUID) -> Response:
        assistants.composed(self.caller, assistant)
        draft = Draft(**parse(shapes.AssistantIn, request.data))
        return Response(_composed(assistants.change(self.caller, assistant, draft)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, assistant: uuid.UUID) -> Response:
        assistants.delete(self.caller, assistant)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _offered(row: models.Composed) -> dict[str, Any]:
    """Not where it looks: a collection that one may not read is not named."""
    return {name: getattr(row, name) for name in ("id", "name", "summary", "starters")}


def _composed(row: models.Composed) -> dict[str, Any]:
    names = (
        "instruction",
        "collections",
        "model",
        "is_for_all",
        "groups",
        "is_on",
        "origins",
        "created_at",
        "updated_at",
    )
    return _offered(row) | {name: getattr(row, name) for name in names}
