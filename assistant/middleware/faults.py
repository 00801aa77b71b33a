"""The one place where a ChanceryError becomes a response, and a denial an event of the record.

It runs after whatever was refused has been rolled back, so the event stands in a transaction of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from governance import access
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Busy, ChanceryError, RecordUnavailable

log = logging.getLogger(__name__)


class Faults:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, fault: Exception) -> HttpResponse | None:
        return respond(request, fault) if isinstance(fault, ChanceryError) else None


def respond(request: HttpRequest, fault: ChanceryError) -> HttpResponse:
    fault = note_denial(request, fault)
    if fault.status >= 500:
        log.error("%s: %s", fault.code, fault.message, exc_info=fault)
    response: HttpResponse
    if request.path.startswith(("/api/", "/v1/")):
        response = JsonResponse(body(request, fault), status=fault.status)
    else:
        response = render(request, "fault.html", {"fault": fault}, status=fault.status)
    if isinstance(fault, Busy):
        response["Retry-After"] = str(max(1, round(fault.wait_s)))
    return response


def body(request: HttpRequest, fault: ChanceryError) -> dict[str, object]:
    """The one error shape of the API."""
    error: dict[str, object] = {"code": fault.code, "message": fault.message, "request_id": _id(request)}
    if isinstance(fault, Busy):
        error |= {"position": fault.position, "wait_s": fault.wait_s}
    return {"error": error}


def note_denial(request: HttpRequest, fault: ChanceryError) -> ChanceryError:
    """Put a denial on the record. Where that fails, the failure is what the caller is told."""
    caller = getattr(request, "caller", None)
    if caller is None or not isinstance(fault, (access.Denied, access.NotVisible)):
        return fault
    decision = fault.decision
    resource = ("resource", decision.resource) if decision.resource else None
    try:
        facts = {"action": decision.action, "reason": decision.reason}
        events.record(caller, Event.ACCESS_DENIED, resource=resource, facts=facts)
    except RecordUnavailable as unavailable:
        return unavailable
    return fault


def _id(request: HttpRequest) -> str:
    return getattr(request, "request_id", "")
