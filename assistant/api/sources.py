"""Sources of a collection: places outside from which it is kept up to date. Credentials go in, and never come out."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import parsers, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import paging, shapes
from assistant.api.shapes import parse
from assistant.api.view import Operation
from ingestion.models import Source as SourceModel
from ingestion.models import SourceItem, SourceRun
from ingestion.sources import drift, items, registry, runs, trying
from ingestion.sources.drafts import Draft
from ingestion.sources.registry import State


class Standing(Operation):
    def now(self, collection: uuid.UUID, source: uuid.UUID) -> dict[str, Any]:
        """The source as it stands after what was done."""
        return shown(registry.get(self.caller, collection, source))


class Sources(Standing):
    @paging.listing("sources")
    def get(self, request: Request, collection: uuid.UUID) -> Response:
        rows = paging.part(request, registry.listed(self.caller, collection), lambda state: state.row.pk)
        return Response(paging.told("sources", rows, shown))

    @extend_schema(request=shapes.SourceIn, responses={201: dict})
    def post(self, request: Request, collection: uuid.UUID) -> Response:
        made = registry.create(self.caller, collection, Draft(**parse(shapes.SourceIn, request.data)))
        return Response(self.now(collection, made), status=status.HTTP_201_CREATED)


class Test(Operation):
    @extend_schema(request=shapes.SourceIn, responses={200: dict})
    def post(self, request: Request, collection: uuid.UUID) -> Response:
        tried = trying.attempt(self.caller, collection, Draft(**parse(shapes.SourceIn, request.data)))
        return Response({"is_good": tried.is_good, "message": tried.said, "remedy": tried.remedy})


class Source(Standing):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, collection: uuid.UUID, source: uuid.UUID) -> Response:
        return Response(self.now(collection, source))

    @extend_schema(request=shapes.SourceIn, responses={200: dict})
    def patch(self, request: Request, collection: uuid.UUID, source: uuid.UUID) -> Response:
        row = registry.get(self.caller, collection, source).row
        plain = {"name": row.name, "kind": row.kind, "settings": row.settings, "every_minutes": row.every_minutes}
        sent = parse(shapes.SourceIn, request.data, partial=True)
        sent["settings"] = row.settings | sent.get("settings", {})
        registry.change(self.caller, collection, source, Draft(**(plain | sent)))
        return Response(self.now(collection, source))

    @extend_schema(request=shapes.SourceEndIn, responses={204: None})
    def delete(self, request: Request, collection: uuid.UUID, source: uuid.UUID) -> Response:
        wanted = parse(shapes.SourceEndIn, request.query_params)["documents"]
        registry.delete(self.caller, collection, source, documents=wanted == "delete")
        return Response(status=status.HTTP_204_NO_CONTENT)


class Archive(Standing):
    parser_classes = [parsers.MultiPartParser]

    @extend_schema(request={"multipart/form-data": shapes.UploadIn}, responses={200: dict})
    def put(self, request: Request, collection: uuid.UUID, source: uuid.UUID) -> Response:
        row = registry.get(self.caller, collection, source).row
        draft = Draft(row.name, row.kind, row.settings, {}, row.every_minutes)
        registry.change(self.caller, collection, source, draft, parse(shapes.UploadIn, request.data)["file"])
        return Response(self.now(collection, source))


class Run(Standing):
    @extend_schema(request=None, responses={202: dict})
    def post(self, request: Request, collection: uuid.UUID, source: uuid.UUID) -> Response:
        registry.ask(self.caller, collection, source)
        return Response(self.now(collection, source), status=status.HTTP_202_ACCEPTED)


class Pause(Standing):
    @extend_schema(request=None, responses={200: dict})
    def post(self, request: Request, collection: uuid.UUID, source: uuid.UUID) -> Response:
        registry.pause(self.caller, collection, source)
        return Response(self.now(collection, source))


class Resume(Standing):
    @extend_schema(request=None, responses={200: dict})
    def post(self, request: Request, collection: uuid.UUID, source: uuid.UUID) -> Response:
        registry.resume(self.caller, collection, source)
        return Response(self.now(collection, source))


class Answer(Standing):
    @extend_schema(request=shapes.SourceAnswerIn, responses={200: dict})
    def post(self, request: Request, collection: uuid.UUID, source: uuid.UUID) -> Response:
        wanted = parse(shapes.SourceAnswerIn, request.data)["documents"]
        registry.answer(self.caller, collection, source, removes=wanted == "delete")
        return Response(self.now(collection, source))


class Runs(Operation):
    @paging.listing("runs")
    def get(self, request: Request, collection: uuid.UUID, source: uuid.UUID) -> Response:
        rows = paging.part(request, registry.history(self.caller, collection, source))
        return Response(paging.told("runs", rows, _run))


class Items(Operation):
    @paging.listing("items", total=serializers.IntegerField())
    def get(self, request: Request, collection: uuid.UUID, source: uuid.UUID) -> Response:
        """Those that need a look."""
        asked = parse(paging.ListIn, request.query_params)
        page, total = items.onward(self.caller, collection, source, asked["cursor"], asked["limit"])
        return Response(paging.told("items", page, _item) | {"total": total})


class Item(Operation):
    @extend_schema(request=shapes.SourceItemIn, responses={204: None})
    def post(self, request: Request, collection: uuid.UUID, source: uuid.UUID, item: uuid.UUID) -> Response:
        wanted = parse(shapes.SourceItemIn, request.data)["do"]
        (items.keep if wanted == "keep" else items.again)(self.caller, collection, source, item)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Drift(Standing):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, collection: uuid.UUID, source: uuid.UUID) -> Response:
        row = registry.drifted(self.caller, collection, source)
        report = (row.report or {}) if row else {}
        lines = [line.__dict__ for line in drift.read(report)] if report else []
        return Response({"run": _run(row) if row else None, "report": report | {"lines": lines} if report else None})

    @extend_schema(request=None, responses={202: dict})
    def post(self, request: Request, collection: uuid.UUID, source: uuid.UUID) -> Response:
        registry.ask(self.caller, collection, source, runs.LOOK)
        return Response(self.now(collection, source), status=status.HTTP_202_ACCEPTED)


def shown(state: State) -> dict[str, Any]:
    """`has_secret` says that credentials are kept; `question` is how many documents would be deleted, where it asks."""
    row = state.row
    return {
        "id": row.pk,
        "collection": row.collection_id,
        "name": row.name,
        "kind": row.kind,
        "settings": row.settings,
        "has_secret": bool(row.secret),
        "has_archive": bool(row.archive),
        "every_minutes": row.every_minutes,
        "state": row.state,
        "question": row.question,
        "is_running": row.run is not None or bool(row.wanted),
        "next_run_at": row.next_run_at,
        "failures": row.failures,
        "error": _error(row),
        "documents": state.documents,
        "waiting": state.waiting,
        "troubled": state.troubled,
        "last_run": _run(state.last) if state.last else None,
    }


def _run(row: SourceRun) -> dict[str, Any]:
    """`what` is sync, or look for a drift report."""
    return {
        "id": row.pk,
        "what": row.what,
        "state": row.state,
        "began_at": row.created_at,
        "ended_at": row.ended_at,
        "counts": row.counts,
        "note": row.note,
        "error": _error(row),
    }


def _item(row: SourceItem) -> dict[str, Any]:
    return {
        "id": row.pk,
        "key": row.key,
        "name": row.name,
        "state": row.state,
        "document": row.document_id,
        "attempts": row.attempts,
        "retry_at": row.retry_at,
        "error": _error(row),
    }


def _error(row: SourceModel | SourceRun | SourceItem) -> dict[str, str] | None:
    return {"message": row.error, "remedy": row.remedy} if row.error else None
