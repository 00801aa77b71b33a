"""A page of a document as it was printed, with the place marked that was cited."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from assistant.showing import pictures
from assistant.views import signed_in
from assistant.views.parsing import parsed_id
from governance.errors import NotFound
from governance.scope import Scope
from ingestion import documents, search
from ingestion.documents import facsimiles
from ingestion.parsers.base import Locator

ALT_MOST = 2000  # characters: the whole text stands below the picture


@dataclass(frozen=True)
class Mark:
    """A rectangle in shares of the page, as SVG writes numbers."""

    x: str
    y: str
    width: str
    height: str


@require_GET
@signed_in.required
def page(request: HttpRequest, scope: Scope, document: uuid.UUID, number: int) -> HttpResponse:
    row = documents.get(scope, document)
    pages = facsimiles.pages(row)
    if not 1 <= number <= pages:
        raise NotFound(facsimiles.GONE)
    passages = search.document_text(scope, document, page=number)
    asked = request.GET.get("passage", "")
    cited = next((one for one in passages if asked and one.chunk_id == parsed_id(asked)), None)
    context = {
        "room": "library",
        "document": row,
        "number": number,
        "pages": pages,
        "passages": passages,
        "cited": cited,
        "asked": asked,
        "marks": list(marks(cited.locator, number)) if cited else [],
        "alt": "\n".join(one.text for one in passages)[:ALT_MOST],
    }
    return render(request, "library/facsimile_page.html", context)


@require_GET
@signed_in.required
def image(request: HttpRequest, scope: Scope, document: uuid.UUID, number: int) -> HttpResponse:
    return pictures.pictured(request.headers.get("If-None-Match", ""), facsimiles.look(scope, document, number))


def marks(locator: Mapping[str, Any], number: int) -> Iterator[Mark]:
    """The rectangles of a locator that stand on page `number`."""
    place = Locator.from_json(locator)
    for box in place.boxes:
        if (box.page or place.page) == number:
            sides = (box.left, box.top, box.right - box.left, box.bottom - box.top)
            yield Mark(*(f"{side:.4f}" for side in sides))
