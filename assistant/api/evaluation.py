"""A collection's question set, and what came of asking it: docs/evaluation.md."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import paging
from assistant.api.shapes import parse
from assistant.api.view import Operation
from assistant.evaluation import runs, sets
from assistant.models import SetRun
from governance.scope import Scope


class QuestionsIn(serializers.Serializer):  # type: ignore[type-arg]
    """Questions as docs/evaluation.md has them, each an object as a line of a set is."""

    questions = serializers.ListField(child=serializers.DictField(), allow_empty=False, max_length=500)


class EvaluationIn(serializers.Serializer):  # type: ignore[type-arg]
    answers = serializers.BooleanField(required=False, default=False)


class Questions(Operation):
    @paging.listing("questions")
    def get(self, request: Request, collection: uuid.UUID) -> Response:
        rows = paging.part(request, sets.listed(self.caller, collection))
        return Response(paging.told("questions", rows, sets.line))

    @extend_schema(request=QuestionsIn, responses={200: dict})
    def put(self, request: Request, collection: uuid.UUID) -> Response:
        """The whole set anew."""
        sets.replace(self.caller, collection, parse(QuestionsIn, request.data)["questions"])
        return Response({"questions": sets.lines(self.caller, collection)})


class Runs(Operation):
    @paging.listing("evaluations")
    def get(self, request: Request, collection: uuid.UUID) -> Response:
        """The newest first."""
        rows = paging.part(request, runs.history(self.caller, collection))
        return Response(paging.told("evaluations", rows, _told))

    @extend_schema(request=EvaluationIn, responses={202: dict})
    def post(self, request: Request, collection: uuid.UUID) -> Response:
        wanted = parse(EvaluationIn, request.data)
        row = runs.start(self.caller, collection, answers=wanted["answers"])
        return Response(_told(row), status=status.HTTP_202_ACCEPTED)


class Run(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, collection: uuid.UUID, run: uuid.UUID) -> Response:
        """With what came of each question, and what changed since the run before."""
        row = runs.get(self.caller, collection, run)
        there = runs.read(self.caller, row).rows
        told = {"rows": [runs.told(one) for one in there], "changes": _changes(self.caller, row)}
        return Response(_told(row) | told)

    @extend_schema(request=None, responses={200: dict})
    def delete(self, request: Request, collection: uuid.UUID, run: uuid.UUID) -> Response:
        """Stops it. What was asked so far stays."""
        return Response(_told(runs.stop(self.caller, collection, run)))


def _told(row: SetRun) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "state": row.state,
        "answers": row.has_answers,
        "automatic": row.is_automatic,
        "started_at": row.created_at.isoformat(),
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
        "done": row.done,
        "total": row.total,
        "error": row.error,
        "made": row.made,
        "figures": {key: dict(zip(("mean", "low", "high"), told, strict=True)) for key, told in row.figures.items()},
    }


def _changes(scope: Scope, row: SetRun) -> list[dict[str, Any]]:
    other = runs.before(scope, row)
    if other is None:
        return []
    return [
        {
            "figure": one.key,
            "before": one.before.value,
            "after": one.after.value,
            "gain": one.gain.value,
            "low": one.gain.low,
            "high": one.gain.high,
            "verdict": one.verdict,
        }
        for one in runs.changes(scope, other, row)
    ]
