"""One document: its text, its file, the passage that was cited, its end."""

from __future__ import annotations

import uuid

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from assistant import threads
from assistant.views import signed_in
from assistant.views.parsing import parsed_id, parsed_number
from governance.scope import Scope
from ingestion import documents, orders, search

AROUND_MOST = 6  # passages on each side; whoever wants more opens the document


@require_GET
@signed_in.required
def document(request: HttpRequest, scope: Scope, document: uuid.UUID) -> HttpResponse:
    found = documents.get(scope, document)
    context = {
        "room": "library",
        "document": found,
        "passages": search.document_text(scope, document),
        "ordered": orders.listed(scope, document),
    }
    return render(request, "library/document.html", context)


@require_GET
@signed_in.required
def file(request: HttpRequest, scope: Scope, document: uuid.UUID) -> FileResponse:
    stored, name = documents.open_file(scope, document)
    # Always as a download of unknown type: an uploaded page must never run as one of ours.
    response = FileResponse(stored, as_attachment=True, filename=name, content_type="application/octet-stream")
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_GET
@signed_in.required
def passage(request: HttpRequest, scope: Scope, chunk: uuid.UUID) -> HttpResponse:
    """Beside an answer, or as a page; with what its sentence quotes marked, and with its neighbours where they are asked for."""
    found = search.passage(scope, chunk)
    asked = request.GET.get("answer", ""), request.GET.get("segment", "")
    quote = threads.quote(scope, parsed_id(asked[0]), parsed_number(asked[1]), chunk) if all(asked) else ""
    around = min(parsed_number(request.GET.get("around", "0")), AROUND_MOST)
    before, after = search.neighbours(scope, found, around) if around else ([], [])
    kept = request.GET.copy()
    kept["around"] = str(around + 2)
    context = {"room": "library", "passage": found, "quote": quote, "before": before, "after": after, "around": around}
    context["more_around"] = kept.urlencode() if around < AROUND_MOST else ""
    return render(
        request, "library/passage.html" if signed_in.is_part(request) else "library/passage_page.html", context
    )


@require_POST
@signed_in.required
def release(request: HttpRequest, scope: Scope, chunk: uuid.UUID) -> HttpResponse:
    return redirect("document", orders.let_through(scope, chunk))


@require_POST
@signed_in.required
def delete(request: HttpRequest, scope: Scope, document: uuid.UUID) -> HttpResponse:
    collection = documents.get(scope, document).collection_id
    documents.delete(scope, document)
    return redirect("collection", collection)


@require_POST
@signed_in.required
def retry(request: HttpRequest, scope: Scope, document: uuid.UUID) -> HttpResponse:
    return redirect("collection", documents.retry(scope, document).collection_id)
