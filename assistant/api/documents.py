"""One document: where it stands, its uploads and their files, what was extracted, its end and its return."""

from __future__ import annotations

import uuid

from django.http import FileResponse, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import answered, contract, examples, tagging
from assistant.api.contract import named
from assistant.api.shapes import parse
from assistant.api.view import Operation
from assistant.showing import downloads, pictures
from governance import access
from governance.actions import Action
from ingestion import documents, models
from ingestion.documents import authority, facsimiles, labelled, removal


class Document(Operation):
    @named(
        "get_document",
        contract.CaseFileOut,
        headers=[contract.IF_NONE_MATCH],
        example=examples.CASE_FILE,
        faults=[401, 403, 404],
    )
    def get(self, request: Request, document: uuid.UUID) -> Response:
        """Its case file: `standing` is null once it has ended; `visible_to` is a number of people, by today's grants."""
        row, parts = self._whole(document)
        told = Response(answered.case(self.caller, row, parts))
        return tagging.told(told, request, answered.whole_document(row, parts))

    @named("delete_document", status=204, headers=[contract.IF_MATCH], faults=[401, 403, 404, 412])
    def delete(self, request: Request, document: uuid.UUID) -> Response:
        """Into the bin, from where `restore` brings it back while the tenant's days last."""
        if tagging.is_asked(request):
            row, parts = self._whole(document)
            tagging.require(request, answered.whole_document(row, parts))
        removal.delete(self.caller, document)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _whole(self, document: uuid.UUID) -> tuple[models.Document, list[models.Document]]:
        row, parts = documents.get(self.caller, document), documents.within(self.caller, document)
        labelled.mark(self.caller, [row])
        return row, parts


class AuthorityIn(serializers.Serializer):  # type: ignore[type-arg]
    authority = serializers.ChoiceField(models.Authority.choices)


class Authority(Operation):
    @named("weigh_document", status=204, takes=AuthorityIn, sent={"authority": "authoritative"},
           faults=[400, 401, 403, 404])  # fmt: skip
    def put(self, request: Request, document: uuid.UUID) -> HttpResponse:
        """What it counts for among those that speak of the same, with all that came within it, for who runs its collection."""
        row = documents.get(self.caller, document)
        access.require(self.caller, Action.COLLECTION_MANAGE, row.collection_id)  # before what was sent is looked at
        authority.give(self.caller, document, parse(AuthorityIn, request.data)["authority"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class File(Operation):
    @extend_schema(responses={(200, "application/octet-stream"): bytes})
    def get(self, request: Request, document: uuid.UUID, number: int | None = None) -> FileResponse:
        """With a number the file of that upload, for those who may write."""
        return downloads.original(self.caller, document, number)


class Page(Operation):
    @extend_schema(responses={(200, facsimiles.MEDIA_TYPE): bytes})
    def get(self, request: Request, document: uuid.UUID, number: int) -> HttpResponse:
        """A page as a picture, of what readers see. 404 where the document has no such page, or none at all."""
        return pictures.pictured(
            request.headers.get("If-None-Match", ""), facsimiles.look(self.caller, document, number)
        )
