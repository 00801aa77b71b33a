"""Collections that were deleted: brought back, erased for good, and the certificates of that."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import answered, library_shapes, paging, shapes
from assistant.api.view import Operation
from ingestion.leaving import certificates, deleted
from ingestion.leaving.deleted import Binned
from ingestion.models import Deletion


class Deleted(Operation):
    @paging.listing("collections", called="deleted_collections")
    def get(self, request: Request) -> Response:
        """Those that the caller ran and can bring back; each is erased by itself at `until`."""
        rows = paging.part(request, deleted.found(self.caller), lambda one: one.row.pk)
        return Response(paging.told("collections", rows, _binned))


class Restore(Operation):
    @extend_schema(request=None, responses=shapes.CollectionOut)
    def post(self, request: Request, collection: uuid.UUID) -> Response:
        """As it was, with its documents, its sources and who may use it."""
        return Response(answered.collection(deleted.restore(self.caller, collection)))


class Purge(Operation):
    dangerous = frozenset({"POST"})

    @extend_schema(request=None, responses={202: None})
    def post(self, request: Request, collection: uuid.UUID) -> Response:
        """There is no way back from here on; what is left of it is erased within minutes, and certified."""
        deleted.purge(self.caller, collection)
        return Response(status=status.HTTP_202_ACCEPTED)


class Certificates(Operation):
    @paging.listing("certificates")
    def get(self, request: Request) -> Response:
        """For admins and compliance officers; `erased_at` is null while something is left."""
        rows = paging.part(request, certificates.listed(self.caller))
        return Response(paging.told("certificates", rows, _listed))


class Certificate(Operation):
    @extend_schema(responses=library_shapes.CertificateOut)
    def get(self, request: Request, collection: uuid.UUID) -> Response:
        """`sha256` is that of the certificate's canonical JSON (RFC 8785), as the event on the record has it."""
        return Response(certificates.told(certificates.get(self.caller, collection)))


def _binned(one: Binned) -> dict[str, Any]:
    row = one.row
    about = {"id": row.pk, "name": row.name, "deleted_at": row.deleted_at, "deleted_by": row.deleted_by}
    return about | {"documents": one.documents, "until": one.until}


def _listed(row: Deletion) -> dict[str, Any]:
    names = ("collection", "name", "deleted_at", "purged_at", "erased_at", "event")
    return {name: getattr(row, name) for name in names}
