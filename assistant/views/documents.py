"""One document: its text, its file, the passage that was cited, its end."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from assistant.conversations import shared, threads
from assistant.showing import downloads
from assistant.views import casefile, passages, signed_in, undoing
from assistant.views.parsing import parsed_id, parsed_number
from governance.errors import NotFound
from governance.scope import Scope
from ingestion import documents, orders, search
from ingestion.documents import authority, binned, purging, removal, versions

AROUND_MOST = 6  # passages on each side; whoever wants more opens the document


@require_GET
@signed_in.required
def document(request: HttpRequest, scope: Scope, document: uuid.UUID) -> HttpResponse:
    return render(request, "library/document.html", casefile.of(request, scope, document))


@require_GET
@signed_in.required
def standing(request: HttpRequest, scope: Scope, document: uuid.UUID) -> HttpResponse:
    """Where it stands, as a part of its page. Once it has ended the whole page is another one, and is fetched anew."""
    context = casefile.head(scope, documents.get(scope, document))
    response = render(request, "library/standing.html", context)
    if context["standing"] is None:
        response["HX-Refresh"] = "true"
    return response


@require_GET
@signed_in.required
def file(request: HttpRequest, scope: Scope, document: uuid.UUID, number: int | None = None) -> FileResponse:
    return downloads.original(scope, document, number)


@require_GET
@signed_in.required
def passage(request: HttpRequest, scope: Scope, chunk: uuid.UUID) -> HttpResponse:
    """Beside an answer, or as a page; with what its sentence quotes marked, and with its neighbours where they are asked for."""
    cited = _cited(request, scope, chunk)
    try:
        found = search.passage(scope, chunk)
    except NotFound:
        if not cited:
            raise
        return _replaced(request, scope, cited)
    around = min(parsed_number(request.GET.get("around", "0")), AROUND_MOST)
    before, after = search.neighbours(scope, found, around) if around else ([], [])
    kept = request.GET.copy()
    kept["around"] = str(around + 2)
    context: dict[str, Any] = {"passage": found, "before": before, "after": after, "around": around}
    context["blocks"] = passages.cited(found.text, cited)
    context["more_around"] = kept.urlencode() if around < AROUND_MOST else ""
    return _source(request, "library/passage.html", found.document_name, context)


def _cited(request: HttpRequest, scope: Scope, chunk: uuid.UUID) -> dict[str, Any]:
    """By the sentence that led here: of one's own answer, or of one that is shared with them."""
    answer, segment, within = (request.GET.get(name, "") for name in ("answer", "segment", "shared"))
    if not (answer and segment):
        return {}
    if within:
        return shared.citation(scope, parsed_id(within), parsed_id(answer), parsed_number(segment), chunk)
    return threads.citation(scope, parsed_id(answer), parsed_number(segment), chunk)


def _replaced(request: HttpRequest, scope: Scope, cited: dict[str, Any]) -> HttpResponse:
    """What is left of a passage whose document was replaced or read anew since. Raises NotFound where the document may not be
    read any more, as if there had been none.
    """
    found = documents.get(scope, uuid.UUID(cited["document_id"]))
    context = {"document": found, "quote": cited["quote"]}
    return _source(request, "library/replaced.html", found.name, context)


def _source(request: HttpRequest, part: str, name: str, context: dict[str, Any]) -> HttpResponse:
    """Beside an answer, or as a page."""
    whole = {"room": "library", "part": part, "name": name} | context
    return render(request, part if signed_in.is_part(request) else "library/source_page.html", whole)


@require_POST
@signed_in.required
def release(request: HttpRequest, scope: Scope, chunk: uuid.UUID) -> HttpResponse:
    return redirect("document", orders.let_through(scope, chunk))


@require_POST
@signed_in.required
def delete(request: HttpRequest, scope: Scope, document: uuid.UUID) -> HttpResponse:
    found = documents.get(scope, document)
    if removal.delete(scope, document):
        said = _("“%(name)s” was deleted.") % {"name": found.name}
        undoing.offer(request, undoing.Undo(said, reverse("document-restore", args=[document])))
    return redirect("collection", found.collection_id)


@require_POST
@signed_in.required
def restore(request: HttpRequest, scope: Scope, document: uuid.UUID) -> HttpResponse:
    row = binned.restore(scope, document)
    messages.success(request, _("“%(name)s” is back.") % {"name": row.name}, extra_tags="good")
    return redirect("collection", row.collection_id)


@require_POST
@signed_in.required
def purge(request: HttpRequest, scope: Scope, document: uuid.UUID) -> HttpResponse:
    collection = purging.purge_one(scope, document)
    messages.success(request, _("The document is gone for good."), extra_tags="good")
    return redirect("collection-deleted", collection)


@require_POST
@signed_in.required
def retry(request: HttpRequest, scope: Scope, document: uuid.UUID) -> HttpResponse:
    """Back to where it was pressed: the list of the collection, or the document's own page."""
    row = documents.retry(scope, document)
    return redirect("collection", row.collection_id) if "in_list" in request.POST else redirect("document", row.pk)


@require_POST
@signed_in.required
def weigh(request: HttpRequest, scope: Scope, document: uuid.UUID) -> HttpResponse:
    """What it counts for among those that speak of the same."""
    authority.give(scope, document, request.POST.get("authority", ""))
    messages.success(request, _("Saved."), extra_tags="good")
    return redirect("document", document)


@require_POST
@signed_in.required
def set_free(request: HttpRequest, scope: Scope, document: uuid.UUID) -> HttpResponse:
    """What the upload policy kept back goes on to its readers, for a reason."""
    versions.release(scope, document, request.POST.get("reason", ""))
    messages.success(request, _("Released. It goes on from its passages."), extra_tags="good")
    return redirect("document", document)


@require_POST
@signed_in.required
def again(request: HttpRequest, scope: Scope, document: uuid.UUID, number: int) -> HttpResponse:
    """An older upload as the newest."""
    versions.again(scope, document, number)
    said = _("Version %(number)s is read once more. Until it is ready readers see the one before.")
    messages.success(request, said % {"number": number}, extra_tags="good")
    return redirect("document", document)
