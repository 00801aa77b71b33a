"""A collection's documents as their page shows them; uploads, and what is done to many at once."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from assistant.views import shelves, signed_in, tables
from governance.errors import InvalidInput
from governance.scope import Scope
from ingestion import contents, documents
from ingestion.contents import Wanted
from ingestion.models import Status

LABELS = {"name": lazy("Name"), "status": lazy("Status"), "size": lazy("Size"), "added": lazy("Added"), "-do": ""}


def of(request: HttpRequest, scope: Scope, shelf: shelves.Shelf) -> dict[str, Any]:
    """What the part of the page needs, as the address asks for it."""
    if not shelf.can_read:
        return {"shelf": shelf}
    order = tables.order(request, contents.COLUMNS, "name")
    status = request.GET.get("status", "")
    wanted = Wanted(tables.words(request), Status(status) if status in Status.values else None)
    counts = contents.counted(scope, shelf.id)
    labels = LABELS if not shelf.can_write else {"-pick": lazy("Choose"), **LABELS}
    return {
        "shelf": shelf,
        "page": contents.found(scope, shelf.id, wanted, order, tables.number(request)),
        "heads": tables.heads(request, labels, order),
        "order": order,
        "wanted": wanted,
        "counts": [(one, number, tables.with_(request, status=one, page=None)) for one, number in counts.items()],
        "all": (sum(counts.values()), tables.with_(request, status=None, page=None)),
        "failed": counts.get(Status.FAILED, 0),
        "is_busy": contents.is_busy(counts),
        "asked": request.GET.urlencode(),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def part(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    """The documents as a part of their page; a POST uploads, one file or several."""
    if request.method != "POST":
        return render(request, "library/documents.html", of(request, scope, shelves.get(scope, collection)))
    files = request.FILES.getlist("files")
    if not files:
        raise InvalidInput(_("Choose a file to upload."))
    for file in files:
        documents.upload(scope, collection, file.name or "", file)
    return HttpResponse(status=204) if signed_in.is_part(request) else redirect("collection", collection)


@require_POST
@signed_in.required
def retry_failed(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    number = contents.retry_failed(scope, collection)
    said = ngettext("%(number)d document is tried again.", "%(number)d documents are tried again.", number)
    messages.success(request, said % {"number": number}, extra_tags="good")
    return redirect("collection", collection)


@require_POST
@signed_in.required
def delete(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    try:
        chosen = [uuid.UUID(one) for one in request.POST.getlist("document")]
    except ValueError:
        raise InvalidInput(_("Choose documents from the list.")) from None
    number = contents.delete(scope, collection, chosen)
    said = ngettext("%(number)d document was deleted.", "%(number)d documents were deleted.", number)
    messages.success(request, said % {"number": number}, extra_tags="good")
    return redirect("collection", collection)
