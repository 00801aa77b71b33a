"""Collections, their documents and who may use them."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import parsers, status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import answered, shapes
from assistant.api.shapes import parse
from assistant.api.view import Operation
from governance import grants
from governance.roles import Level
from ingestion import catalog, documents


class Collections(Operation):
    @extend_schema(responses=shapes.CollectionOut(many=True))
    def get(self, request: Request) -> Response:
        return Response({"collections": [answered.collection(row) for row in catalog.listed(self.caller)]})

    @extend_schema(request=shapes.CollectionIn, responses={201: shapes.CollectionOut})
    def post(self, request: Request) -> Response:
        made = parse(shapes.CollectionIn, request.data)
        row = catalog.create(self.caller, made["name"], made["description"], made["classification"])
        return Response(answered.collection(row), status=status.HTTP_201_CREATED)


class Collection(Operation):
    @extend_schema(responses=shapes.CollectionOut)
    def get(self, request: Request, collection: uuid.UUID) -> Response:
        return Response(answered.collection(catalog.get(self.caller, collection)))

    @extend_schema(request=shapes.CollectionIn, responses=shapes.CollectionOut)
    def patch(self, request: Request, collection: uuid.UUID) -> Response:
        wanted = parse(shapes.CollectionIn, request.data, partial=True)
        return Response(answered.collection(catalog.change(self.caller, collection, **wanted)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, collection: uuid.UUID) -> Response:
        catalog.delete(self.caller, collection)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Grants(Operation):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, collection: uuid.UUID) -> Response:
        return Response({"grants": [answered.grant(row) for row in grants.listed(self.caller, collection)]})

    @extend_schema(request=shapes.GrantIn, responses={201: dict})
    def post(self, request: Request, collection: uuid.UUID) -> Response:
        wanted = parse(shapes.GrantIn, request.data)
        holder = grants.Holder(wanted["person"], wanted["group"])
        level = Level[wanted["level"].upper()]
        row = grants.give(self.caller, collection, holder, level, denies=wanted["denies"])
        return Response(answered.grant(row), status=status.HTTP_201_CREATED)


class Grant(Operation):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, collection: uuid.UUID, grant: uuid.UUID) -> Response:
        grants.withdraw(self.caller, collection, grant)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Uploads(Operation):
    parser_classes = [parsers.MultiPartParser]

    @extend_schema(responses={200: dict})
    def get(self, request: Request, collection: uuid.UUID) -> Response:
        return Response({"documents": [answered.document(row) for row in documents.listed(self.caller, collection)]})

    @extend_schema(request={"multipart/form-data": shapes.UploadIn}, responses={202: dict})
    def post(self, request: Request, collection: uuid.UUID) -> Response:
        file: Any = parse(shapes.UploadIn, request.data)["file"]
        row = documents.upload(self.caller, collection, file.name, file)
        return Response(answered.document(row), status=status.HTTP_202_ACCEPTED)
