"""What an outsider checks the record by: proofs, signed heads, and bundles to take away."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime

from django.db import connection
from django.http import FileResponse, HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import shapes
from assistant.api.shapes import parse
from assistant.api.view import Operation
from governance.audit import proofs
from governance.audit.bundle import asking, building
from governance.errors import Conflict
from governance.scope import Scope

# A head is signed every ten seconds where something changed, so that a bundle is mostly there by then.
WAIT_MOST_S = 15.0
GLANCE_S = 0.5


class Proof(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, event: uuid.UUID) -> Response:
        """409 while no signed head covers the event."""
        return Response(proofs.of_event(self.caller, event).as_json())


class Checkpoint(Operation):
    @extend_schema(parameters=[shapes.FromIn], responses={200: dict})
    def get(self, request: Request) -> Response:
        """The last signed head; `from=N` adds the proof that it leads on from the tree of N leaves."""
        start = parse(shapes.FromIn, request.query_params)["from"]
        if start is None:
            return Response({"note": proofs.head(self.caller).note})
        head, path = proofs.consistency(self.caller, start)
        return Response({"note": head.note, "consistency": [proofs.text(one) for one in path]})


class Exports(Operation):
    dangerous = frozenset({"POST"})

    @extend_schema(request=shapes.ExportIn, responses={(200, "application/zip"): bytes, 202: dict})
    def post(self, request: Request) -> HttpResponseBase:
        """The bundle as a zip; where it takes longer, 202 and the address to fetch it from within the hour."""
        bundle = asking.ask(self.caller, **parse(shapes.ExportIn, request.data))
        found = _awaited(self.caller, bundle)
        address = f"/api/v1/audit/exports/{bundle}"
        if found is None:
            return Response(
                {"id": bundle, "status": "waiting", "url": address}, status=202, headers={"Location": address}
            )
        return found


class Export(Operation):
    dangerous = frozenset({"GET"})

    @extend_schema(responses={(200, "application/zip"): bytes})
    def get(self, request: Request, bundle: uuid.UUID) -> HttpResponseBase:
        """409 while no signed head covers what was asked."""
        return respond(self.caller, bundle)


def respond(caller: Scope, bundle: uuid.UUID) -> FileResponse:
    name = f"evidence-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip"
    file = building.build(caller, bundle)
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


def _awaited(caller: Scope, bundle: uuid.UUID) -> HttpResponseBase | None:
    """The database connection is free while it waits."""
    until = time.monotonic() + WAIT_MOST_S
    while True:
        try:
            return respond(caller, bundle)
        except Conflict:
            if time.monotonic() >= until:
                return None
        connection.close()
        time.sleep(GLANCE_S)
