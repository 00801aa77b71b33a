"""A collection's documents as their page shows them; uploads, and what is done to many at once."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant.views import shelves, signed_in, tables, undoing
from governance import people, tenants
from governance.errors import InvalidInput
from governance.scope import Scope
from ingestion.documents import binned, contents, labelled, standing, uploads
from ingestion.documents.contents import Wanted
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
    page = contents.found(scope, shelf.id, wanted, order, tables.number(request))
    labelled.mark(scope, page.rows)
    labels = LABELS if not shelf.can_write else {"-pick": lazy("Choose"), **LABELS}
    return {
        "shelf": shelf,
        "page": page,
        "heads": tables.heads(request, labels, order),
        "order": order,
        "wanted": wanted,
        "counts": [(one, number, tables.with_(request, status=one, page=None)) for one, number in counts.items()],
        "all": (sum(counts.values()), tables.with_(request, status=None, page=None)),
        "failed": counts.get(Status.FAILED, 0),
        "is_busy": contents.is_busy(counts),
        "batch": standing.batch(scope, shelf.id) if contents.is_busy(counts) else None,
        "asked": request.GET.urlencode(),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
def part(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    """The documents as a part of their page; a POST uploads, one file or several.

    A script sends one at a time, with its `path` where it comes from a folder, and is told in JSON what became of it.
    """
    if request.method != "POST":
        return render(request, "library/documents.html", of(request, scope, shelves.get(scope, collection)))
    files = request.FILES.getlist("files")
    if not files:
        raise InvalidInput(_("Choose a file to upload."))
    path = request.POST.get("path", "") if len(files) == 1 else ""
    taken = [uploads.take(scope, collection, path or file.name or "", file, in_folder=bool(path)) for file in files]
    if not signed_in.is_part(request):
        return redirect("collection", collection)
    told = [{"name": one.document.name, "outcome": one.outcome} for one in taken]
    return JsonResponse({"documents": told})


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
    deleted = contents.delete(scope, collection, _chosen(request.POST.getlist("document")))
    number = len(deleted)
    said = ngettext("%(number)d document was deleted.", "%(number)d documents were deleted.", number)
    said %= {"number": number}
    if deleted and tenants.current(scope).bin_days:
        fields = {"documents": ",".join(str(one) for one in deleted)}
        undoing.offer(request, undoing.Undo(said, reverse("documents-restore", args=[collection]), fields))
    else:
        messages.success(request, said, extra_tags="good")
    return redirect("collection", collection)


@require_POST
@signed_in.required
def restore(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    """Those of one form, or, as an undo sends them, parted by commas."""
    sent = request.POST.getlist("document") or request.POST.get("documents", "").split(",")
    number = contents.restore(scope, collection, _chosen(sent))
    said = ngettext("%(number)d document is back.", "%(number)d documents are back.", number)
    messages.success(request, said % {"number": number}, extra_tags="good")
    return redirect("collection", collection)


@require_GET
@signed_in.required
def deleted(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    """What lies in the collection's bin."""
    page, days = binned.found(scope, collection, tables.number(request)), tenants.current(scope).bin_days
    by = people.names(scope, {row.deleted_by for row in page.rows if row.deleted_by})
    rows = [(row, by.get(row.deleted_by) if row.deleted_by else None, binned.until(row, days)) for row in page.rows]
    context = {"room": "library", "shelf": shelves.get(scope, collection), "page": page, "rows": rows, "days": days}
    return render(request, "library/deleted.html", context)


def _chosen(sent: list[str]) -> list[uuid.UUID]:
    try:
        return [uuid.UUID(one) for one in sent]
    except ValueError:
        raise InvalidInput(_("Choose documents from the list.")) from None
