"""The ledger of the policy's verdicts, for those who read the record; reading it is itself recorded."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import paging, shapes
from assistant.api.shapes import parse
from assistant.api.view import Operation
from governance.models import PolicyDecision
from governance.policy import ledger


class Verdicts(Operation):
    @paging.listing("verdicts", parameters=[shapes.VerdictsIn])
    def get(self, request: Request) -> Response:
        asked = parse(shapes.VerdictsIn, request.query_params)
        actions = [action] if (action := asked.pop("action", "")) else []
        page = ledger.listed(self.caller, actions=actions, **asked)
        return Response({"verdicts": [shown(row) for row in page.rows], "next": page.next})


def shown(row: PolicyDecision) -> dict[str, Any]:
    """The words themselves are in the record: `GET /api/v1/audit/events?interaction=`, opened for a reason."""
    return {
        "id": row.pk,
        "at": row.created_at,
        "interaction": row.interaction,
        "event": row.event,
        "person": row.person,
        "collection": row.collection,
        "subject": row.subject_id,
        "stage": row.stage,
        "part": row.part,
        "action": row.action,
        "rule": row.rule,
        "policy": {"version": row.policy_version, "sha256": row.policy_sha256},
        "detector": row.detector,
        "score": row.score,
        "threshold": row.threshold,
        "reason": row.reason,
        "spans": [{"start": start, "end": end, "type": kind} for start, end, kind in row.spans],
        "latency_ms": row.latency_ms,
        "error": row.error,
    }
