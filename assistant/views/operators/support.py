"""Support cases, on the operators' side: asking a tenant to be let in, and looking at what it opened."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assistant.operators import figures, supporting
from assistant.views import tables
from assistant.views.operators import required
from assistant.views.support_forms import draft, levels
from governance import access, models, support
from governance.errors import Conflict, InvalidInput
from governance.support import looks
from governance.support.looks import Opened
from ingestion.documents import supported


def opened(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view that takes what is open to the operator now. What is over, another's or never was is not there.

    Who reaches further than it was opened is told the same, and that stands on the tenant's record.
    """

    @functools.wraps(view)
    def entered(
        request: HttpRequest, operator: models.Operator, support_access: uuid.UUID, **ids: uuid.UUID
    ) -> HttpResponseBase:
        found = looks.opened(operator, support_access, request.request_id)  # type: ignore[attr-defined]
        try:
            return view(request, found, **ids)
        except (access.Denied, access.NotVisible) as refusal:
            looks.turned_away(found, refusal.decision)
            raise

    return required(entered)


@never_cache
@require_GET
@required
def listed(request: HttpRequest, operator: models.Operator) -> HttpResponse:
    context = {"room": "support", "operator": operator, "rows": looks.mine(operator)}
    return render(request, "operators/support.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@required
def ask(request: HttpRequest, operator: models.Operator, tenant: uuid.UUID) -> HttpResponse:
    context: dict[str, Any] = {"room": "support", "operator": operator, "tenant": figures.tenant(tenant)}
    context |= {"levels": levels(), "hours": support.HOURS, "hours_max": support.HOURS_MAX}
    if request.method != "POST":
        return render(request, "operators/support_ask.html", context | {"rows": looks.mine(operator, tenant)})
    try:
        support.ask(operator, tenant, draft(request), request.request_id)  # type: ignore[attr-defined]
    except (InvalidInput, Conflict) as fault:
        context |= {"fault": fault.message, "sent": request.POST, "rows": looks.mine(operator, tenant)}
        return render(request, "operators/support_ask.html", context, status=fault.status)
    return redirect("operators-support-ask", tenant)


@require_POST
@required
def give_back(
    request: HttpRequest, operator: models.Operator, tenant: uuid.UUID, support_access: uuid.UUID
) -> HttpResponse:
    support.give_back(operator, tenant, support_access, request.request_id)  # type: ignore[attr-defined]
    return redirect("operators-support")


@never_cache
@require_GET
@opened
def tenant(request: HttpRequest, found: Opened) -> HttpResponse:
    return render(request, "operators/support_tenant.html", _frame(found) | {"sight": supporting.sight(found)})


@never_cache
@require_GET
@opened
def documents(request: HttpRequest, found: Opened, collection: uuid.UUID) -> HttpResponse:
    shelf, page = supported.listed(found, collection, tables.number(request))
    return render(request, "operators/support_documents.html", _frame(found) | {"shelf": shelf, "page": page})


@never_cache
@require_GET
@opened
def document(request: HttpRequest, found: Opened, document: uuid.UUID) -> HttpResponse:
    file = supported.get(found, document, tables.number(request))
    return render(request, "operators/support_document.html", _frame(found) | {"file": file})


def _frame(found: Opened) -> dict[str, Any]:
    return {"room": "support", "operator": found.operator, "opened": found}
