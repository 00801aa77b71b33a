"""GET /v1/models: the names that this key may use."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from assistant.v1 import names
from assistant.v1.errors import about
from assistant.v1.names import Name
from assistant.v1.view import Operation


class Models(Operation):
    def get(self, request: Request) -> Response:
        return Response({"object": "list", "data": [_shown(name) for name in names.listed(self.caller)]})


class Model(Operation):
    def get(self, request: Request, model: str) -> Response:
        with about("model", missing="model_not_found"):
            return Response(_shown(names.one(self.caller, model)))


def _shown(name: Name) -> dict[str, Any]:
    return {
        "id": name.id,
        "object": "model",
        "created": int(name.created_at.timestamp()),
        "owned_by": names.GROUNDED,
        "chancery": {"kind": name.kind, "collection": name.collection, "assistant": name.assistant},
    }
