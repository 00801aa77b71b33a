"""Collections, their documents and who may use them."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import parsers, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant import gaps
from assistant.api import answered, contract, examples, paging, repeating, shapes, tagging
from assistant.api.contract import named
from assistant.api.shapes import parse
from assistant.api.view import Operation
from assistant.idempotency import Done
from assistant.showing import downloads
from governance import grants
from governance.roles import Level
from ingestion import catalog, documents
from ingestion.documents import contents, labelled, uploads
from ingestion.line import pauses
from ingestion.models import Document


class GapsIn(serializers.Serializer):  # type: ignore[type-arg]
    closed = serializers.ListField(child=serializers.CharField(max_length=80), min_length=1, max_length=200)


class Collections(Operation):
    @named(
        "list_collections",
        contract.CollectionsOut,
        parameters=[paging.ListIn],
        example={"collections": [examples.COLLECTION], "next": None},
        faults=[401, 403],
    )
    def get(self, request: Request) -> Response:
        """Those that the caller may see, by name."""
        rows = paging.part(request, catalog.listed(self.caller))
        return Response(paging.told("collections", rows, answered.collection))

    @named(
        "create_collection",
        shapes.CollectionOut,
        status=201,
        takes=shapes.CollectionIn,
        headers=[contract.ONCE],
        sent=examples.COLLECTION_SENT,
        example=examples.COLLECTION,
        faults=[400, 401, 403, 409, 422],
    )
    def post(self, request: Request) -> Response:
        """A collection that the caller manages."""
        wanted = parse(shapes.CollectionIn, request.data)

        def make(pk: uuid.UUID) -> Done:
            return Done(catalog.create(self.caller, **wanted, pk=pk).pk)

        done = repeating.once(request, self.caller, "collection", wanted, make, catalog.get)
        shown = answered.collection(catalog.get(self.caller, done.made))
        return tagging.told(repeating.told(Response(shown, status=status.HTTP_201_CREATED), done))


class Collection(Operation):
    dangerous = frozenset({"DELETE"})

    @named(
        "get_collection",
        shapes.CollectionOut,
        headers=[contract.IF_NONE_MATCH],
        example=examples.COLLECTION,
        faults=[401, 403, 404],
    )
    def get(self, request: Request, collection: uuid.UUID) -> Response:
        return tagging.told(Response(answered.collection(catalog.get(self.caller, collection))), request)

    @named(
        "change_collection",
        shapes.CollectionOut,
        takes=shapes.CollectionIn,
        headers=[contract.IF_MATCH],
        sent={"name": "Handbook 2027"},
        example=examples.COLLECTION | {"name": "Handbook 2027"},
        faults=[400, 401, 403, 404, 409, 412],
    )
    def patch(self, request: Request, collection: uuid.UUID) -> Response:
        """What is named is changed, the rest stays."""
        wanted = parse(shapes.CollectionIn, request.data, partial=True)
        with self.caller.transaction():
            self._require_unchanged(request, collection)
            row = catalog.change(self.caller, collection, **wanted)
        return tagging.told(Response(answered.collection(row)))

    @named("delete_collection", status=204, headers=[contract.IF_MATCH], faults=[401, 403, 404, 412])
    def delete(self, request: Request, collection: uuid.UUID) -> Response:
        """Out of everybody's reach; it can come back while the tenant keeps what is deleted."""
        with self.caller.transaction():
            self._require_unchanged(request, collection)
            catalog.delete(self.caller, collection)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _require_unchanged(self, request: Request, collection: uuid.UUID) -> None:
        if tagging.is_asked(request):
            catalog.get(self.caller, collection)  # who may not see it is told so, whatever they think of it
            tagging.require(request, answered.collection(catalog.live(collection, locked=True)))


class Gaps(Operation):
    @paging.listing("gaps")
    def get(self, request: Request, collection: uuid.UUID) -> Response:
        """Words that at least two people asked with in vain; never a question."""
        rows = paging.part(request, gaps.listed(self.caller, collection), lambda row: " ".join(row.terms))
        return Response(paging.told("gaps", rows, answered.gap))

    @extend_schema(request=GapsIn, responses={200: dict})
    def post(self, request: Request, collection: uuid.UUID) -> Response:
        gaps.close(self.caller, collection, parse(GapsIn, request.data)["closed"])
        return Response({"gaps": [answered.gap(row) for row in gaps.listed(self.caller, collection)]})


class Pause(Operation):
    @extend_schema(request=None, responses=shapes.CollectionOut)
    def post(self, request: Request, collection: uuid.UUID) -> Response:
        return Response(answered.collection(pauses.pause(self.caller, collection)))


class Resume(Operation):
    @extend_schema(request=None, responses=shapes.CollectionOut)
    def post(self, request: Request, collection: uuid.UUID) -> Response:
        return Response(answered.collection(pauses.end(self.caller, collection)))


class Export(Operation):
    @extend_schema(responses={(200, "application/zip"): bytes})
    def get(self, request: Request, collection: uuid.UUID) -> HttpResponseBase:
        """Sent while it is written; one that ends without `manifest.json` has broken off."""
        return downloads.exported(self.caller, collection)


class Grants(Operation):
    @named(
        "list_grants",
        contract.GrantsOut,
        parameters=[paging.ListIn],
        example={"grants": [examples.GRANT], "next": None},
        faults=[400, 401, 403, 404],
    )
    def get(self, request: Request, collection: uuid.UUID) -> Response:
        """Who may use it."""
        rows = paging.part(request, grants.listed(self.caller, collection))
        return Response(paging.told("grants", rows, answered.grant))

    @named(
        "give_grant",
        contract.GrantOut,
        status=201,
        takes=shapes.GrantIn,
        sent=examples.GRANT_SENT,
        example=examples.GRANT,
        faults=[400, 401, 403, 404],
    )
    def post(self, request: Request, collection: uuid.UUID) -> Response:
        """To a person or to a group; `denies` beats whatever else was given."""
        wanted = parse(shapes.GrantIn, request.data)
        holder = grants.Holder(wanted["person"], wanted["group"])
        level = Level[wanted["level"].upper()]
        row = grants.give(self.caller, collection, holder, level, denies=wanted["denies"], until=wanted["until"])
        return Response(answered.grant(row), status=status.HTTP_201_CREATED)


class Grant(Operation):
    @named("withdraw_grant", status=204, faults=[401, 403, 404])
    def delete(self, request: Request, collection: uuid.UUID, grant: uuid.UUID) -> Response:
        grants.withdraw(self.caller, collection, grant)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Uploads(Operation):
    parser_classes = [parsers.MultiPartParser]

    @named(
        "list_documents",
        contract.DocumentsOut,
        parameters=[paging.DocumentsIn],
        example={"documents": [examples.DOCUMENT], "total": 1, "next": None},
        faults=[400, 401, 403, 404],
    )
    def get(self, request: Request, collection: uuid.UUID) -> Response:
        """By name. `page` is what `cursor` was once called; a number in it is that of a page."""
        asked = parse(paging.DocumentsIn, request.query_params)
        start = paging.page_or_cursor(asked)
        page, total = contents.onward(self.caller, collection, start, asked["limit"])
        labelled.mark(self.caller, page.rows)
        told = paging.told("documents", page, answered.document)
        return Response(told | {"total": total})

    @named(
        "upload_document",
        contract.UploadedOut,
        status=202,
        takes={"multipart/form-data": shapes.UploadIn},
        headers=[contract.ONCE],
        example=examples.UPLOADED,
        faults=[400, 401, 403, 404, 409, 413, 415, 422],
    )
    def post(self, request: Request, collection: uuid.UUID) -> Response:
        """`path` names a file with the folders it stands in; `outcome` is new, changed or unchanged."""
        sent = parse(shapes.UploadIn, request.data)
        file: Any = sent["file"]

        fresh: list[Document] = []  # whoever may bring documents may not always read them

        def take(_: uuid.UUID) -> Done:
            name, in_folder = sent["path"] or file.name, bool(sent["path"])
            taken = uploads.take(self.caller, collection, name, file, in_folder=in_folder)
            fresh.append(taken.document)
            return Done(taken.document.pk, taken.outcome)

        what = {"collection": collection, "path": sent["path"], "file": file}
        done = repeating.once(request, self.caller, "document", what, take, documents.get)
        row = fresh[0] if fresh else documents.get(self.caller, done.made)
        labelled.mark(self.caller, [row])
        told = answered.document(row) | {"outcome": done.outcome}
        return repeating.told(Response(told, status=status.HTTP_202_ACCEPTED), done)
