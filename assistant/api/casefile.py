"""What is done with a document on its way and after: its uploads, what was extracted, another try, a release, its return."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import answered, paging, shapes
from assistant.api.shapes import parse
from assistant.api.view import Operation
from governance import tenants
from governance.scope import Scope
from ingestion import documents, models
from ingestion.documents import binned, extracts, labelled, versions


class Versions(Operation):
    @paging.listing("versions")
    def get(self, request: Request, document: uuid.UUID) -> Response:
        """The newest first."""
        found = documents.get(self.caller, document)
        rows = paging.part(request, versions.listed(self.caller, document))
        return Response(paging.told("versions", rows, lambda row: answered.version(row, found.current_id)))

    @extend_schema(request=shapes.AgainIn, responses={202: dict})
    def post(self, request: Request, document: uuid.UUID) -> Response:
        """An older upload's bytes as the newest one."""
        number = parse(shapes.AgainIn, request.data)["number"]
        taken = versions.again(self.caller, document, number)
        return Response(_told(self.caller, taken.document), status=status.HTTP_202_ACCEPTED)


class Chunks(Operation):
    @paging.listing(
        "chunks",
        parameters=[shapes.ChunksIn],
        version=serializers.IntegerField(allow_null=True),
        total=serializers.IntegerField(),
        found=serializers.IntegerField(),
    )
    def get(self, request: Request, document: uuid.UUID) -> Response:
        """Of what readers see, or with `version` of any upload that has passages, for those who run the collection."""
        asked = parse(shapes.ChunksIn, request.query_params)
        found, page = extracts.onward(
            self.caller, document, asked["version"], asked["q"], asked["cursor"], asked["limit"]
        )
        told = {"version": found.version.number if found.version else None, "total": found.total, "found": found.found}
        return Response(told | paging.told("chunks", page, answered.chunk))


class Retry(Operation):
    @extend_schema(request=None, responses={202: dict})
    def post(self, request: Request, document: uuid.UUID) -> Response:
        """From the stage that failed."""
        return Response(_told(self.caller, documents.retry(self.caller, document)), status=status.HTTP_202_ACCEPTED)


class Release(Operation):
    @extend_schema(request=shapes.ReleaseIn, responses={202: dict})
    def post(self, request: Request, document: uuid.UUID) -> Response:
        """What the upload policy keeps back goes on, by whoever runs the collection and for a reason."""
        row = versions.release(self.caller, document, parse(shapes.ReleaseIn, request.data)["reason"])
        return Response(_told(self.caller, row), status=status.HTTP_202_ACCEPTED)


class Restore(Operation):
    @extend_schema(request=None, responses={200: dict})
    def post(self, request: Request, document: uuid.UUID) -> Response:
        return Response(_told(self.caller, binned.restore(self.caller, document)))


class Deleted(Operation):
    @paging.listing("documents", called="deleted_documents", total=serializers.IntegerField())
    def get(self, request: Request, collection: uuid.UUID) -> Response:
        """What of the collection can be restored, and until when; the last deleted first."""
        asked = parse(paging.ListIn, request.query_params)
        page, total = binned.onward(self.caller, collection, asked["cursor"], asked["limit"])
        days = tenants.current(self.caller).bin_days
        told = paging.told("documents", page, lambda row: answered.deleted(row, binned.until(row, days)))
        return Response(told | {"total": total})


def _told(caller: Scope, row: models.Document) -> dict[str, Any]:
    labelled.mark(caller, [row])
    return answered.document(row)
