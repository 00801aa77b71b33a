"""What an officer takes to somebody outside: an event's proof, the last signed head, and bundles."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from assistant.api.evidence import respond
from assistant.views import confirming, signed_in
from assistant.views.record import lines
from assistant.views.record.filters import Chosen
from governance.audit import proofs, reading
from governance.audit.bundle import asking, building
from governance.errors import Conflict, InvalidInput, SecondOfficerNeeded, TooLarge, Unavailable
from governance.scope import Scope


@require_GET
@signed_in.required
def proof(request: HttpRequest, scope: Scope, event: uuid.UUID) -> HttpResponse:
    """As a page, or with `?file` as the file that `tree/verifier.py` and others take."""
    recorded = reading.one(scope, event)
    (line,) = lines.of(scope, [recorded])
    context: dict[str, Any] = {"room": "record", "event": recorded, "line": line}
    try:
        context["proof"] = found = proofs.of_event(scope, event).as_json()
    except Conflict:
        context["is_waiting"] = True
    except Unavailable as fault:
        return render(request, "record/proof.html", context | {"fault": fault.message}, status=503)
    else:
        if "file" in request.GET:
            file = JsonResponse(found | {"leaf_data": recorded.leaf_data}, json_dumps_params={"indent": 1})
            file["Content-Disposition"] = f'attachment; filename="proof-{found["leaf_index"]}.json"'
            return file
    return render(request, "record/proof.html", context)


@require_GET
@signed_in.required
def head(request: HttpRequest, scope: Scope) -> HttpResponse:
    return render(request, "record/head.html", {"room": "record", "part": "head", "standing": proofs.standing(scope)})


@require_GET
@signed_in.required
def head_file(request: HttpRequest, scope: Scope) -> HttpResponse:
    found = proofs.head(scope)
    file = HttpResponse(found.note, content_type="text/plain; charset=utf-8")
    file["Content-Disposition"] = f'attachment; filename="head-{found.size}.txt"'
    return file


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in.required
@confirming.required
def bundle(request: HttpRequest, scope: Scope) -> HttpResponse:
    """A GET shows what would be in it, a POST asks for it."""
    reading.require(scope)
    chosen, sent = Chosen.of(request.GET), request.POST
    context = {"room": "record", "query": chosen.query(), "most": asking.EVENTS_MOST, "sent": sent}
    if request.method == "POST":
        kept = request.FILES.get("head")
        note = kept.read(10_000).decode("utf-8", "replace") if kept else ""
        try:
            made = asking.ask(scope, reason=sent.get("reason", "").strip(), head=note, **chosen.filters())
        except (InvalidInput, SecondOfficerNeeded, TooLarge) as fault:
            context |= {"fault": fault.message, "total": sum(reading.tallied(scope, **chosen.filters()).values())}
            return render(request, "record/bundle.html", context, status=fault.status)
        return redirect("record-bundle-made", made)
    context["total"] = sum(reading.tallied(scope, **chosen.filters()).values())
    return render(request, "record/bundle.html", context)


@never_cache
@require_GET
@signed_in.required
def bundle_made(request: HttpRequest, scope: Scope, bundle: uuid.UUID) -> HttpResponse:
    """The page, and to htmx the part of it that waits for a signed head."""
    with scope.transaction():
        asked = asking.asked(scope, bundle)
        is_ready = building.covering(asked) is not None
    is_part = bool(request.headers.get("HX-Request"))
    template = "record/bundle_state.html" if is_part else "record/bundle_made.html"
    return render(request, template, {"room": "record", "asked": asked, "is_ready": is_ready})


@never_cache
@require_GET
@signed_in.required
def bundle_file(request: HttpRequest, scope: Scope, bundle: uuid.UUID) -> HttpResponseBase:
    return respond(scope, bundle)
