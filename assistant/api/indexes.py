"""The search index and the change to another embedding model: built beside, compared, switched to and back, retired."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import library_shapes, paging
from assistant.api.shapes import parse
from assistant.api.view import Operation
from ingestion import indexes
from ingestion.indexes import comparing
from ingestion.indexes.comparing import Answered, Comparison, Place
from ingestion.models import Index as Row
from ingestion.models import IndexState


class Indexes(Operation):
    @paging.listing("indexes", choices=serializers.ListField(child=serializers.DictField()))
    def get(self, request: Request) -> Response:
        """The live one first; `choices` are the embedding models that another one can be built with."""
        rows = paging.part(request, indexes.listed(self.caller))
        choices = [asdict(one) for one in indexes.choices(self.caller)]
        return Response(paging.told("indexes", rows, _shown) | {"choices": choices})

    @extend_schema(request=library_shapes.IndexIn, responses={202: dict})
    def post(self, request: Request) -> Response:
        """Begin to build one beside the live one, which goes on answering."""
        row = indexes.build(self.caller, parse(library_shapes.IndexIn, request.data)["embedder"])
        return Response(_shown(row), status=status.HTTP_202_ACCEPTED)


class Index(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, index: uuid.UUID) -> Response:
        return Response(_shown(indexes.get(self.caller, index)))


class Change(Operation):
    """One of what can be done to an index that is there."""

    deed = ""

    @extend_schema(request=None, responses={200: dict})
    def post(self, request: Request, index: uuid.UUID) -> Response:
        return Response(_shown(indexes.CHANGES[self.deed](self.caller, index)))


class Compare(Operation):
    @extend_schema(request=library_shapes.IndexCompareIn, responses={200: dict})
    def post(self, request: Request, index: uuid.UUID) -> Response:
        """Ask the live index and this one the same `questions`, or without any those that the caller asked last.

        With `everyone` what all have asked last: it takes the right to open the record and a `reason`, and shows numbers alone.
        """
        asked = parse(library_shapes.IndexCompareIn, request.data)
        if asked["everyone"]:
            return Response(_compared(comparing.everyones(self.caller, index, asked["reason"])))
        return Response(_compared(comparing.own(self.caller, index, asked["questions"])))


def _shown(row: Row) -> dict[str, Any]:
    """`id` is null for an index that the tenant has had all along and that nothing was built for yet."""
    names = (
        "state",
        "dimensions",
        "done",
        "total",
        "percent",
        "left_s",
        "too_long",
        "ready_at",
        "live_at",
        "retired_at",
    )
    is_written = row.state != IndexState.LIVE or row.live_at is not None
    about = {"id": row.pk if is_written else None, "embedder": row.name}
    return about | {name: getattr(row, name) for name in names} | {"fault": row.fault or None, "removed": row.removed}


def _compared(found: Comparison) -> dict[str, Any]:
    """`overlap` is the share of passages that both found among the first; `cited` says where cited passages stand now."""
    return {
        "now": found.now,
        "then": found.then,
        "top": comparing.TOP,
        "overlap": round(found.overlap, 3),
        "cited": found.moved,
        "questions": [_question(one) for one in found.answered],
    }


def _question(one: Answered) -> dict[str, Any]:
    names = ("text", "overlap", "gained", "lost", "cited_now", "cited_then")
    return {name: getattr(one, name) for name in names} | {"passages": [_place(place) for place in one.places]}


def _place(place: Place) -> dict[str, Any]:
    passage = place.passage
    about = {"chunk_id": passage.chunk_id, "document_id": passage.document_id, "document_name": passage.document_name}
    return about | {"now": place.now, "then": place.then, "is_cited": place.is_cited}
