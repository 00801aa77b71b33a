"""Files as answers, for the portal and for the API."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from types import GeneratorType

from asgiref.sync import sync_to_async
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

from governance import keys
from governance.scope import Scope
from ingestion import documents
from ingestion.leaving import export


def original(scope: Scope, document: uuid.UUID, number: int | None = None) -> FileResponse:
    """As it was uploaded. Raises NotFound, Forbidden, Conflict.

    Always as a download of unknown type: an uploaded page must never run as one of ours.
    """
    file, name = documents.open_file(scope, document, number)
    response = FileResponse(file, as_attachment=True, filename=name, content_type="application/octet-stream")
    response["X-Content-Type-Options"] = "nosniff"
    return response


def exported(scope: Scope, collection: uuid.UUID) -> StreamingHttpResponse:
    """Sent while it is made: pieces are taken in threads, so that neither the loop nor the memory holds a whole file.

    Raises NotFound and Forbidden, and then nothing is sent.
    """
    begun = export.start(scope, collection, keys.renewed)
    response = StreamingHttpResponse(_pieces(begun.pieces), content_type="application/zip")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=begun.name)
    response["X-Accel-Buffering"] = "no"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def attached(name: str, media_type: str, content: bytes) -> HttpResponse:
    """What was made for the one who asks, as a file of that name."""
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    response["X-Content-Type-Options"] = "nosniff"
    return response


async def _pieces(source: Iterator[bytes]) -> AsyncIterator[bytes]:
    def take() -> bytes | None:
        return next(source, None)

    try:
        while (piece := await sync_to_async(take, thread_sensitive=False)()) is not None:
            if piece:
                yield piece
    finally:
        if isinstance(source, GeneratorType):  # whoever left early leaves no file open
            await sync_to_async(source.close, thread_sensitive=False)()
