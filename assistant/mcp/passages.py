"""Passages as resources: what a citation leads to, read again with the rights of whoever reads it."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from assistant.mcp.shapes import LabelOut, PassageOut
from assistant.showing import places
from governance.access import unseen
from governance.actions import Action
from governance.scope import Scope
from ingestion import search
from ingestion.search import Passage

TEMPLATE = "chancery://passages/{chunk_id}"
MEDIA_TYPE = "text/markdown"
_URI = re.compile(r"chancery://passages/([0-9a-fA-F-]{36})")
_GONE = "There is no such passage, or you may not see it."  # as search says it, of whatever kind


def uri(chunk: uuid.UUID) -> str:
    return f"chancery://passages/{chunk}"


def url(request: HttpRequest, chunk: uuid.UUID) -> str:
    return request.build_absolute_uri(reverse("passage", args=[chunk]))


def shown(request: HttpRequest, one: Passage) -> PassageOut:
    return PassageOut(
        uri=uri(one.chunk_id),
        url=url(request, one.chunk_id),
        chunk_id=one.chunk_id,
        document_id=one.document_id,
        document_name=one.document_name,
        place=places.name(one.locator),
        text=one.text,
        score=one.score,
        label=LabelOut(**one.label.as_json()) if one.label else None,
    )


def titled(one: PassageOut) -> str:
    return places.titled(one.document_name, one.place, one.label.name if one.label else "")


def read(scope: Scope, wanted: str) -> dict[str, Any]:
    """The text under its document's name. Raises NotFound: for what is not there, not theirs, or not for a model."""
    chunk = _chunk(wanted)
    found = search.passage(scope, chunk)
    if found.is_quarantined:
        raise unseen(Action.COLLECTION_READ, "passage", chunk, _GONE)
    label = found.label.name if found.label else ""
    head = places.titled(found.document_name, places.name(found.locator), label)
    return {"contents": [{"uri": wanted, "mimeType": MEDIA_TYPE, "text": f"# {head}\n\n{found.text}\n"}]}


def _chunk(wanted: str) -> uuid.UUID:
    """Of what is no address of ours nothing is told but what is told of any other that is not there."""
    found = _URI.fullmatch(wanted)
    try:
        return uuid.UUID(found.group(1) if found else "")
    except ValueError:
        raise unseen(Action.COLLECTION_READ, "passage", uuid.UUID(int=0), _GONE) from None
