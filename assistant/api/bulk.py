"""Many files in one request: each is taken or refused by itself, and the answer tells of each."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from rest_framework import parsers, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assistant.api import answered, contract, examples, repeating
from assistant.api.contract import named
from assistant.api.view import Operation
from assistant.idempotency import Done, KeyReused, UnderWay
from governance import access
from governance.actions import Action
from governance.errors import ChanceryError, InvalidInput, Unavailable
from ingestion import documents
from ingestion.documents import labelled, uploads
from ingestion.documents.uploads import Outcome
from ingestion.models import Document

MOST = settings.DATA_UPLOAD_MAX_NUMBER_FILES  # files; their bytes are bounded as those of every request
PATH_LONGEST = 1_000
WHOLE = (KeyReused, UnderWay, Unavailable)  # what is of the request, and not of one of its files


class BulkIn(serializers.Serializer):  # type: ignore[type-arg]
    """`path` is as often there as `file`, in the same order, or not at all."""

    file = serializers.ListField(child=serializers.FileField(allow_empty_file=True), min_length=1, max_length=MOST)
    path = serializers.ListField(
        child=serializers.CharField(max_length=PATH_LONGEST), required=False, default=list, max_length=MOST
    )


class RefusalOut(serializers.Serializer):  # type: ignore[type-arg]
    code = serializers.CharField()
    message = serializers.CharField()


class FileOut(serializers.Serializer):  # type: ignore[type-arg]
    name = serializers.CharField(help_text="As it was sent.")
    status = serializers.IntegerField(help_text="What the file alone would have been answered with: 202, or a fault's.")
    outcome = serializers.ChoiceField([str(one) for one in Outcome], allow_null=True)
    document = contract.DocumentOut(allow_null=True)
    error = RefusalOut(allow_null=True)


class BulkOut(serializers.Serializer):  # type: ignore[type-arg]
    files = FileOut(many=True, help_text="In the order in which they were sent.")
    taken = serializers.IntegerField()
    refused = serializers.IntegerField()


class Bulk(Operation):
    parser_classes = [parsers.MultiPartParser]

    @named(
        "upload_documents",
        BulkOut,
        status=207,
        takes={"multipart/form-data": BulkIn},
        headers=[contract.ONCE],
        example=examples.BULK,
        faults=[400, 401, 403, 404, 409, 413, 415, 422, 503],
    )
    def post(self, request: Request, collection: uuid.UUID) -> Response:
        """Up to 100 files. One that is refused keeps none of the others back."""
        access.require(self.caller, Action.DOCUMENT_WRITE, collection)
        told, repeats, files = [], [], _sent(request)
        repeating.checked(request)
        for number, (file, path) in enumerate(files):
            what = {"collection": collection, "path": path, "file": file, "of": len(files)}
            one, is_repeat = self._take(request, what, number)
            told.append(one)
            repeats.append(is_repeat)
        refused = sum(one["error"] is not None for one in told)
        response = Response({"files": told, "taken": len(told) - refused, "refused": refused}, status=207)
        return repeating.told(response, Done(collection, is_repeat=all(repeats)))

    def _take(self, request: Request, what: dict[str, Any], number: int) -> tuple[dict[str, Any], bool]:
        """What came of one, and whether that was known from an earlier try."""
        collection, path, file = what["collection"], what["path"], what["file"]
        name, fresh = path or file.name or "", list[Document]()

        def take(_: uuid.UUID) -> Done:
            taken = uploads.take(self.caller, collection, name, file, in_folder=bool(path))
            fresh.append(taken.document)
            return Done(taken.document.pk, taken.outcome)

        told: dict[str, Any] = {"name": name, "status": 202, "outcome": None, "document": None, "error": None}
        try:
            done = repeating.once(request, self.caller, "document", what, take, documents.get, number)
            row = fresh[0] if fresh else documents.get(self.caller, done.made)
        except WHOLE:
            raise
        except ChanceryError as refusal:
            error = {"code": refusal.code, "message": refusal.message}
            return told | {"status": refusal.status, "error": error}, False
        labelled.mark(self.caller, [row])
        return told | {"outcome": done.outcome, "document": answered.document(row)}, done.is_repeat


def _sent(request: Request) -> list[tuple[UploadedFile[Any], str]]:
    files, paths = request.FILES.getlist("file"), request.POST.getlist("path")
    if not 1 <= len(files) <= MOST:
        raise InvalidInput(f"Send 1 to {MOST} files, each as `file`.")
    if paths and len(paths) != len(files):
        raise InvalidInput("Send as many `path` as `file`, in the same order, or none.")
    if any(not isinstance(path, str) or len(path) > PATH_LONGEST for path in paths):
        raise InvalidInput(f"A path has at most {PATH_LONGEST} characters.")
    return list(zip(files, paths or [""] * len(files), strict=True))
