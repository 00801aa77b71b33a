"""One document: its text, its file, the passage that was cited, its end."""

from __future__ import annotations

import uuid

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from assistant.views import signed_in
from governance.scope import Scope
from ingestion import documents, search


@require_GET
@signed_in.required
def document(request: HttpRequest, scope: Scope, document: uuid.UUID) -> HttpResponse:
    found = documents.get(scope, document)
    context = {"room": "library", "document": found, "passages": search.document_text(scope, document)}
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
    return render(request, "library/passage.html", {"passage": search.passage(scope, chunk)})


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
