"""Collections that were deleted: brought back or erased for good, and the certificates of those that are gone."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from assistant.views import confirming, signed_in
from governance import access, people, tenants
from governance.actions import Action
from governance.audit.lifecycle import erasing
from governance.errors import Conflict
from governance.scope import Scope
from ingestion.leaving import certificates, deleted


@require_GET
@signed_in.required
def listed(request: HttpRequest, scope: Scope) -> HttpResponse:
    """What can be brought back by whoever asks, and, for those who see what was let go, what is gone."""
    return _list(request, scope)


@require_POST
@signed_in.required
def restore(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    try:
        deleted.restore(scope, collection)
    except Conflict as fault:
        return _list(request, scope, fault=fault.message, status=fault.status)
    messages.success(request, _("The collection is back, as it was."), extra_tags="good")
    return redirect("collection", collection)


@require_POST
@signed_in.required
@confirming.required
def purge(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    deleted.purge(scope, collection)
    said = _("It is erased within minutes. A certificate will say that nothing is left.")
    messages.success(request, said, extra_tags="good")
    return redirect("collections-deleted")


@require_GET
@signed_in.required
def certificate(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    row = certificates.get(scope, collection)
    by = {one for one in (row.deleted_by, row.purged_by) if one}
    names = people.names(scope, by)
    context = {
        "room": "library",
        "row": row,
        "deleted_by": names.get(row.deleted_by, "") if row.deleted_by else "",
        "purged_by": names.get(row.purged_by, "") if row.purged_by else "",
        "sha256": erasing.digest(row.certificate) if row.certificate else "",
    }
    return render(request, "library/certificate.html", context)


@require_GET
@signed_in.required
def file(request: HttpRequest, scope: Scope, collection: uuid.UUID) -> HttpResponse:
    told = certificates.told(certificates.get(scope, collection))
    response = JsonResponse(told, json_dumps_params={"indent": 1, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="collection-{collection}-erased.json"'
    return response


def _list(request: HttpRequest, scope: Scope, *, fault: str = "", status: int = 200) -> HttpResponse:
    found = deleted.found(scope)
    names = people.names(scope, {one.row.deleted_by for one in found if one.row.deleted_by})
    context = {
        "room": "library",
        "rows": [(one, names.get(one.row.deleted_by, "") if one.row.deleted_by else "") for one in found],
        "days": tenants.current(scope).bin_days,
        "gone": certificates.listed(scope) if access.decide(scope, Action.RETENTION_SEE).allowed else None,
        "fault": fault,
    }
    return render(request, "library/deleted_collections.html", context, status=status)
