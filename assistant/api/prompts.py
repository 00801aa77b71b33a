"""The library of prompts over the API."""

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
from assistant.conversations import prompts


class Prompts(Operation):
    @paging.listing("prompts", parameters=[shapes.PromptsIn, paging.ListIn])
    def get(self, request: Request) -> Response:
        asked = parse(shapes.PromptsIn, request.query_params)
        rows = paging.part(request, prompts.listed(self.caller, asked["q"]))
        return Response(paging.told("prompts", rows, _told))

    @extend_schema(request=shapes.PromptIn, responses={201: dict})
    def post(self, request: Request) -> Response:
        sent = parse(shapes.PromptIn, request.data)
        row = prompts.create(self.caller, sent["name"], sent["text"], is_shared=sent["is_shared"])
        return Response(_told(row), status=status.HTTP_201_CREATED)


class Prompt(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, prompt: uuid.UUID) -> Response:
        return Response(_told(prompts.get(self.caller, prompt)))

    @extend_schema(request=shapes.PromptIn, responses={200: dict})
    def put(self, request: Request, prompt: uuid.UUID) -> Response:
        prompts.get(self.caller, prompt)  # not theirs: refused before what was sent is looked at
        sent = parse(shapes.PromptIn, request.data)
        row = prompts.change(self.caller, prompt, sent["name"], sent["text"], is_shared=sent["is_shared"])
        return Response(_told(row))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, prompt: uuid.UUID) -> Response:
        prompts.delete(self.caller, prompt)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _told(row: models.SavedPrompt) -> dict[str, Any]:
    names = ("id", "name", "text", "is_shared", "created_at", "updated_at")
    return {name: getattr(row, name) for name in names} | {"person": row.person_id, "places": prompts.places(row.text)}
