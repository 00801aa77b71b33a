"""The tenant's glossary, for its admins."""

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
from ingestion import glossary
from ingestion.models import GlossaryTerm


class Glossary(Operation):
    @paging.listing("entries")
    def get(self, request: Request) -> Response:
        return Response(paging.told("entries", paging.part(request, glossary.listed(self.caller)), _shown))

    @extend_schema(request=shapes.GlossaryIn, responses={201: dict})
    def post(self, request: Request) -> Response:
        sent = parse(shapes.GlossaryIn, request.data)
        row = glossary.add(self.caller, sent["term"], sent["meanings"])
        return Response(_shown(row), status=status.HTTP_201_CREATED)


class Entry(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, entry: uuid.UUID) -> Response:
        return Response(_shown(glossary.get(self.caller, entry)))

    @extend_schema(request=shapes.GlossaryIn, responses={200: dict})
    def put(self, request: Request, entry: uuid.UUID) -> Response:
        glossary.get(self.caller, entry)
        sent = parse(shapes.GlossaryIn, request.data)
        return Response(_shown(glossary.change(self.caller, entry, sent["term"], sent["meanings"])))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, entry: uuid.UUID) -> Response:
        glossary.remove(self.caller, entry)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _shown(row: GlossaryTerm) -> dict[str, Any]:
    return {"id": row.pk, "term": row.term, "meanings": row.meanings, "changed_at": row.changed_at}
