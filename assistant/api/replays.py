"""Replays of a draft policy over recorded traffic."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import paging, shapes
from assistant.api.shapes import parse
from assistant.api.view import Operation
from governance.errors import NotFound
from governance.models import PolicyReplay
from governance.policy.replay import runs
from governance.policy.rules import Stage


class Replays(Operation):
    @paging.listing("replays")
    def get(self, request: Request) -> Response:
        return Response(paging.told("replays", paging.part(request, runs.listed(self.caller)), shown))

    @extend_schema(request=shapes.ReplayIn, responses={202: dict})
    def post(self, request: Request) -> Response:
        sent = parse(shapes.ReplayIn, request.data)
        stages = [Stage(stage) for stage in sent["stages"]]
        row = runs.start(self.caller, sent["version"], sent["since"], sent["until"], sent["reason"], stages)
        return Response(shown(row), status=202)


class Replay(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, replay: uuid.UUID) -> Response:
        return Response(shown(runs.get(self.caller, replay)))


class Report(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, replay: uuid.UUID) -> HttpResponse:
        """The exact bytes whose SHA-256 the replay names."""
        row = runs.get(self.caller, replay)
        if row.report is None:
            raise NotFound("There is no report of it yet.")
        return HttpResponse(bytes(row.report), content_type="application/json")


class Cancel(Operation):
    @extend_schema(request=None, responses={200: dict})
    def post(self, request: Request, replay: uuid.UUID) -> Response:
        return Response(shown(runs.cancel(self.caller, replay)))


class SignOff(Operation):
    @extend_schema(request=None, responses={200: dict})
    def post(self, request: Request, replay: uuid.UUID) -> Response:
        version = runs.sign_off(self.caller, replay)
        return Response({"version": version.number, "sha256": version.sha256})


def shown(row: PolicyReplay) -> dict[str, Any]:
    return {
        "id": row.pk,
        "status": row.status,
        "draft": {"version": row.draft_number, "sha256": row.draft_sha256},
        "since": row.since,
        "until": row.until,
        "stages": row.stages,
        "started_at": row.created_at,
        "started_by": row.person,
        "total": row.total,
        "seen": row.seen,
        "finished_at": row.finished_at,
        "fault": row.fault,
        "report_sha256": row.report_sha256,
        "signed_at": row.signed_at,
        "signed_by": row.signed_by,
    }
