"""Collections, their documents and who may use them."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import parsers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assistant.api import answered, shapes
from assistant.api.shapes import parse
from governance import grants
from governance.roles import Level
from ingestion import catalog, documents


class Collections(APIView):
    @extend_schema(responses=shapes.CollectionOut(many=True))
    def get(self, request: Request) -> Response:
        return Response({"collections": [answered.collection(row) for row in catalog.listed(request.auth)]})

    @extend_schema(request=shapes.CollectionIn, responses={201: shapes.CollectionOut})
    def post(self, request: Request) -> Response:
        made = parse(shapes.CollectionIn, request.data)
        row = catalog.create(request.auth, made["name"], made["description"])
        return Response(answered.collection(row), status=status.HTTP_201_CREATED)


class Collection(APIView):
    @extend_schema(responses=shapes.CollectionOut)
    def get(self, request: Request, collection: uuid.UUID) -> Response:
        return Response(answered.collection(catalog.get(request.auth, collection)))

    @extend_schema(request=shapes.CollectionIn, responses=shapes.CollectionOut)
    def patch(self, request: Request, collection: uuid.UUID) -> Response:
        wanted = parse(shapes.CollectionIn, request.data, partial=True)
        return Response(answered.collection(catalog.change(request.auth, collection, **wanted)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, collection: uuid.UUID) -> Response:
        catalog.delete(request.auth, collection)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Grants(APIView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, collection: uuid.UUID) -> Response:
        return Response({"grants": [answered.grant(row) for row in grants.listed(request.auth, collection)]})

    @extend_schema(request=shapes.GrantIn, responses={201: dict})
    def post(self, request: Request, collection: uuid.UUID) -> Response:
        wanted = parse(shapes.GrantIn, request.data)
        holder = grants.Holder(wanted["person"], wanted["group"])
        level = Level[wanted["level"].upper()]
        row = grants.give(request.auth, collection, holder, level, denies=wanted["denies"])
        return Response(answered.grant(row), status=status.HTTP_201_CREATED)


class Grant(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, collection: uuid.UUID, grant: uuid.UUID) -> Response:
        grants.withdraw(request.auth, collection, grant)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Uploads(APIView):
    parser_classes = [parsers.MultiPartParser]

    @extend_schema(responses={200: dict})
    def get(self, request: Request, collection: uuid.UUID) -> Response:
        return Response({"documents": [answered.document(row) for row in documents.listed(request.auth, collection)]})

    @extend_schema(request={"multipart/form-data": shapes.UploadIn}, responses={202: dict})
    def post(self, request: Request, collection: uuid.UUID) -> Response:
        file: Any = parse(shapes.UploadIn, request.data)["file"]
        row = documents.upload(request.auth, collection, file.name, file)
        return Response(answered.document(row), status=status.HTTP_202_ACCEPTED)
