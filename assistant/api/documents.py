"""One document: where it stands, its file, its end."""

from __future__ import annotations

import uuid

from django.http import FileResponse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import answered
from assistant.api.view import Operation
from ingestion import documents


class Document(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, document: uuid.UUID) -> Response:
        return Response(answered.document(documents.get(self.caller, document)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, document: uuid.UUID) -> Response:
        documents.delete(self.caller, document)
        return Response(status=status.HTTP_204_NO_CONTENT)


class File(Operation):
    @extend_schema(responses={(200, "application/octet-stream"): bytes})
    def get(self, request: Request, document: uuid.UUID) -> FileResponse:
        file, name = documents.open_file(self.caller, document)
        # Always as a download of unknown type: an uploaded page must never run as one of ours.
        response = FileResponse(file, as_attachment=True, filename=name)
        response["Content-Type"] = "application/octet-stream"
        response["X-Content-Type-Options"] = "nosniff"
        return response
