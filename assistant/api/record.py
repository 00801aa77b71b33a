"""The record, for those with the role; reading it is itself recorded."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import paging, shapes
from assistant.api.shapes import parse
from assistant.api.view import Operation
from governance.audit import reading
from governance.audit.rows import Recorded


class Events(Operation):
    @paging.listing("events", parameters=[shapes.EventsIn])
    def get(self, request: Request) -> Response:
        page = reading.listed(self.caller, **parse(shapes.EventsIn, request.query_params))
        return Response({"events": [shown(event) for event in page.events], "next": page.next})


class Event(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, event: uuid.UUID) -> Response:
        """`?reason=` opens the payload; without one it stays masked."""
        reason = request.query_params.get("reason")
        if reason is None:
            return Response(shown(reading.one(self.caller, event)))
        opened = reading.opened(self.caller, event, reason)
        return Response(shown(opened.recorded) | {"payload": opened.payload, "is_erased": opened.is_erased})


def shown(event: Recorded) -> dict[str, Any]:
    return {
        "id": event.id,
        "at": event.at,
        "recorded_at": event.recorded_at,
        "action": event.action,
        "actor": event.actor,
        "actor_kind": event.actor_kind,
        "service": event.service,
        "roles": event.roles,
        "interaction": event.interaction,
        "resource": event.resource,
        "facts": event.facts,
        "has_payload": event.has_payload,
        "leaf_data": event.leaf_data,
        "index": event.index,
    }
