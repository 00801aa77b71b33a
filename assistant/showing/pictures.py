"""A page of a document as an HTTP answer, for the portal and for the API."""

from __future__ import annotations

from django.http import HttpResponse

from ingestion.documents import facsimiles


def pictured(known: str, seen: facsimiles.Look) -> HttpResponse:
    """Kept by the browser, which asks each time whether it may still show it: access is decided before this.

    `known` is the tag of what the browser has.
    """
    if known == seen.tag:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(facsimiles.draw(seen), content_type=facsimiles.MEDIA_TYPE)
        response["Content-Disposition"] = f'inline; filename="page-{seen.number}.webp"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-cache"
    response["ETag"] = seen.tag
    return response
