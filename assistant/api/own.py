"""What is kept of the caller: seen, taken away, and asked to be erased."""

from __future__ import annotations

from django.http import FileResponse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import shapes
from assistant.api.shapes import parse
from assistant.api.view import Operation
from assistant.subjects import own_data
from governance.audit.lifecycle import erasure
from governance.errors import NotFound


class Data(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request) -> Response:
        return Response(own_data.as_json(own_data.overview(self.caller)))


class Export(Operation):
    dangerous = frozenset({"GET"})

    @extend_schema(responses={(200, "application/zip"): bytes})
    def get(self, request: Request) -> FileResponse:
        """A zip of JSON files: profile, conversations, the caller's events on the record, and who looked at them."""
        return FileResponse(
            own_data.export(self.caller), as_attachment=True, filename="my-data.zip", content_type="application/zip"
        )


class Erasure(Operation):
    """The caller's request to be erased: the last one, a new one, or taken back while nobody has decided."""

    dangerous = frozenset({"POST"})

    @extend_schema(responses={200: dict})
    def get(self, request: Request) -> Response:
        found = erasure.own(self.caller)
        if found is None:
            raise NotFound("There is no such request.")
        return Response(own_data.erasure_as_json(found))

    @extend_schema(request=shapes.ErasureIn, responses={202: dict})
    def post(self, request: Request) -> Response:
        sent = parse(shapes.ErasureIn, request.data)
        made = erasure.request(self.caller, sent["note"])
        return Response(own_data.erasure_as_json(made), status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        erasure.withdraw(self.caller)
        return Response(status=status.HTTP_204_NO_CONTENT)
