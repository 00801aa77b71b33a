"""Labels and restrictions: the tenant's list, who is cleared how far, and which documents are narrower than their collection."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import examples, paging
from assistant.api.contract import LabelOut, named
from assistant.api.shapes import Id, onward, parse
from assistant.api.view import Operation
from governance import access, labels
from governance.actions import Action
from governance.grants import Holder
from governance.scope import Scope
from ingestion.documents import restrictions
from ingestion.documents.restrictions import Kept
from ingestion.models import Reader

RANK: dict[str, Any] = {"min_value": 0, "max_value": labels.MOST - 1, "allow_null": True}
HOLDER = {"person": examples.PERSON_ID, "group": None}
LABELS = {"labels": [{"rank": 0, "name": "Public"}, examples.LABEL], "everybody": 0, "stays_home": 1, "mine": 1}
CLEARED = {"id": examples.ANSWER_ID, "who": "Ada", "is_group": False, "rank": 1}
READERS = {"is_restricted": True, "readers": [HOLDER]}
NARROWED = {
    "id": examples.DOCUMENT_ID,
    "name": "Travel.pdf",
    "label": examples.LABEL,
    "is_seen": True,
    **READERS,
}


class LabelsIn(serializers.Serializer):  # type: ignore[type-arg]
    names = serializers.ListField(
        child=serializers.CharField(max_length=labels.NAME_MOST),
        max_length=labels.MOST,
        help_text="The lowest first. One is renamed in its place; none is taken away.",
    )
    everybody = serializers.IntegerField(required=False, default=None, **RANK, help_text="Up to which all are cleared.")
    stays_home = serializers.IntegerField(
        required=False, default=None, **RANK, help_text="From which on no text goes to a model outside the house."
    )


class LabelsOut(serializers.Serializer):  # type: ignore[type-arg]
    labels = LabelOut(many=True)
    everybody = serializers.IntegerField(
        allow_null=True, help_text="Up to which all are cleared; null for all of them."
    )
    stays_home = serializers.IntegerField(allow_null=True)
    mine = serializers.IntegerField(
        allow_null=True, help_text="Up to which the caller is cleared; null for all of them."
    )


class NamedReaderIn(serializers.Serializer):  # type: ignore[type-arg]
    person = Id(required=False, allow_null=True, default=None)
    group = Id(required=False, allow_null=True, default=None)


class ReaderOut(serializers.Serializer):  # type: ignore[type-arg]
    person = Id(allow_null=True)
    group = Id(allow_null=True)


class ClearanceIn(NamedReaderIn):
    rank = serializers.IntegerField(**RANK, help_text="Null: no further than everybody.")


class ClearanceOut(serializers.Serializer):  # type: ignore[type-arg]
    id = Id()
    who = serializers.CharField()
    is_group = serializers.BooleanField()
    rank = serializers.IntegerField()


class ClearancesOut(serializers.Serializer):  # type: ignore[type-arg]
    clearances = ClearanceOut(many=True)
    next = onward()


class RankIn(serializers.Serializer):  # type: ignore[type-arg]
    rank = serializers.IntegerField(**RANK, help_text="Of a document null: its collection's.")


class ReadersIn(serializers.Serializer):  # type: ignore[type-arg]
    readers = NamedReaderIn(many=True, help_text="Whoever restricts a document first is named, too.")


class ReadersOut(serializers.Serializer):  # type: ignore[type-arg]
    is_restricted = serializers.BooleanField()
    readers = ReaderOut(many=True)


class NarrowedOut(ReadersOut):
    id = Id()
    name = serializers.CharField()
    label = LabelOut(allow_null=True)  # type: ignore[assignment]
    is_seen = serializers.BooleanField(help_text="Whether the caller may read it.")


class NarrowedListOut(serializers.Serializer):  # type: ignore[type-arg]
    label = LabelOut(allow_null=True, help_text="Of the documents without one of their own.")  # type: ignore[assignment]
    documents = NarrowedOut(many=True)
    next = onward()


class Labels(Operation):
    @named("list_labels", LabelsOut, example=LABELS, faults=[401])
    def get(self, request: Request) -> Response:
        """The organisation's labels, the lowest first, and how far all, and the caller, are cleared."""
        return Response(self._told())

    @named("write_labels", LabelsOut, takes=LabelsIn, sent={"names": ["Public", "Internal"]}, example=LABELS,
           faults=[400, 401, 403])  # fmt: skip
    def put(self, request: Request) -> Response:
        """The whole list. What is left out of it is set to nothing."""
        access.require(self.caller, Action.TENANT_MANAGE)  # refused before what was sent is looked at
        asked = parse(LabelsIn, request.data)
        labels.write(self.caller, asked["names"], asked["everybody"], asked["stays_home"])
        return Response(self._told())

    def _told(self) -> dict[str, Any]:
        found, caller = labels.listed(self.caller), self.caller
        told = {"everybody": labels.default(caller), "stays_home": labels.home(caller)}
        return {"labels": _all(found)} | told | {"mine": labels.clearance(caller)}


class Clearances(Operation):
    @named("list_clearances", ClearancesOut, parameters=[paging.ListIn], faults=[400, 401, 403],
           example={"clearances": [CLEARED], "next": None})  # fmt: skip
    def get(self, request: Request) -> Response:
        """Who is cleared further than everybody."""
        rows = paging.part(request, labels.cleared(self.caller), lambda row: row.id)
        return Response(paging.told("clearances", rows, asdict))

    @named("set_clearance", status=204, takes=ClearanceIn, sent=HOLDER | {"rank": 1}, faults=[400, 401, 403, 404])
    def post(self, request: Request) -> HttpResponse:
        """How far a person or a group is cleared, in the place of what was said of them before."""
        access.require(self.caller, Action.PEOPLE_MANAGE)
        asked = parse(ClearanceIn, request.data)
        labels.clear(self.caller, Holder(asked["person"], asked["group"]), asked["rank"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class Clearance(Operation):
    @named("take_clearance", status=204, faults=[401, 403, 404])
    def delete(self, request: Request, clearance: uuid.UUID) -> HttpResponse:
        """No further than everybody again."""
        labels.take_back(self.caller, clearance)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Readers(Operation):
    @named("list_readers", ReadersOut, example=READERS, faults=[401, 403, 404, 409])
    def get(self, request: Request, document: uuid.UUID) -> Response:
        """To whom it is restricted, for whoever runs its collection. Of who may read it at all tells `access/explain`."""
        return Response(_readers(self.caller, document))

    @named("restrict_document", ReadersOut, takes=ReadersIn, sent={"readers": [HOLDER]}, example=READERS,
           faults=[400, 401, 403, 404, 409])  # fmt: skip
    def put(self, request: Request, document: uuid.UUID) -> Response:
        """To these alone of its collection's readers, in the place of those before."""
        restrictions.collection_of(self.caller, document)  # refused before what was sent is looked at
        asked = parse(ReadersIn, request.data)
        restrictions.restrict(self.caller, document, [Holder(one["person"], one["group"]) for one in asked["readers"]])
        return Response(_readers(self.caller, document))

    @named("lift_restriction", status=204, faults=[401, 403, 404, 409])
    def delete(self, request: Request, document: uuid.UUID) -> HttpResponse:
        """For everybody again who may read its collection."""
        restrictions.lift(self.caller, document)
        return Response(status=status.HTTP_204_NO_CONTENT)


class DocumentLabel(Operation):
    @named("label_document", status=204, takes=RankIn, sent={"rank": 1}, faults=[400, 401, 403, 404, 409])
    def put(self, request: Request, document: uuid.UUID) -> HttpResponse:
        """Its own label, or with null its collection's. Nobody gives or takes one above what they are cleared for."""
        restrictions.collection_of(self.caller, document)
        restrictions.label(self.caller, document, parse(RankIn, request.data)["rank"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class Narrowed(Operation):
    @named("list_narrowed", NarrowedListOut, parameters=[paging.ListIn], faults=[400, 401, 403, 404],
           example={"documents": [NARROWED], "next": None, "label": examples.LABEL})  # fmt: skip
    def get(self, request: Request, collection: uuid.UUID) -> Response:
        """All that is restricted, or has a label of its own, for whoever runs the collection: what is kept from them, too."""
        rows, found = restrictions.kept(self.caller, collection), labels.listed(self.caller)

        def shown(row: Kept) -> dict[str, Any]:
            told = {name: getattr(row, name) for name in ("id", "name", "is_restricted", "is_seen")}
            return told | {"label": _one(found, row.label), "readers": _named(row.readers)}

        told = paging.told("documents", paging.part(request, rows, lambda row: row.id), shown)
        return Response(told | {"label": _one(found, restrictions.default(self.caller, collection))})


class CollectionLabel(Operation):
    @named("label_collection", status=204, takes=RankIn, sent={"rank": 1}, faults=[400, 401, 403, 404])
    def put(self, request: Request, collection: uuid.UUID) -> HttpResponse:
        """What its documents carry that have no label of their own. Null is the lowest."""
        access.require(self.caller, Action.COLLECTION_MANAGE, collection)
        restrictions.label_collection(self.caller, collection, parse(RankIn, request.data)["rank"] or 0)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _readers(caller: Scope, document: uuid.UUID) -> dict[str, Any]:
    """A document that is restricted names somebody, always."""
    readers = _named(restrictions.named(caller, document))
    return {"is_restricted": bool(readers), "readers": readers}


def _named(rows: Iterable[Reader]) -> list[dict[str, Any]]:
    return [{"person": row.person_id, "group": row.group_id} for row in rows]


def _all(found: Sequence[str]) -> list[dict[str, Any]]:
    return [{"rank": rank, "name": name} for rank, name in enumerate(found)]


def _one(found: Sequence[str], rank: int) -> dict[str, Any] | None:
    return {"rank": rank, "name": found[rank]} if rank < len(found) else None
