"""The one place where a fault becomes a response, and a denial an event of the record.

It runs after whatever was refused has been rolled back, so the event stands in a transaction of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import DataError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from redis import RedisError

from assistant import bodies
from assistant.mcp import errors as mcp_errors
from assistant.scim import errors as scim
from assistant.v1 import errors
from governance import access
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Busy, ChanceryError, InvalidInput, QuotaSpent, RecordUnavailable, Unavailable

log = logging.getLogger(__name__)

MCP = "/mcp"
DIRECTORIES = "/scim/"

DATABASE_AWAY = (OperationalError, InterfaceError)
PARTS_AWAY = (*DATABASE_AWAY, RedisError)


class Faults:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        fault = bodies.refused(request)
        return respond(request, fault) if fault else self.get_response(request)

    def process_exception(self, request: HttpRequest, fault: Exception) -> HttpResponse | None:
        if isinstance(fault, PARTS_AWAY):
            return respond(request, unavailable(fault))
        if is_no_text(fault):
            return respond(request, InvalidInput("There is a sign in what you sent that no text holds. Take it out."))
        return respond(request, fault) if isinstance(fault, ChanceryError) else None


def is_no_text(fault: Exception) -> bool:
    """Whether Postgres was given half of a character, or a NUL: forms and addresses may hold one anywhere, and it keeps none."""
    if isinstance(fault, UnicodeEncodeError):
        return fault.reason == "surrogates not allowed"
    return isinstance(fault, DataError) and "NUL (0x00)" in str(fault)


def unavailable(fault: Exception) -> Unavailable:
    """A service that is away is told as such, and not as a fault of ours."""
    if isinstance(fault, DATABASE_AWAY):
        told = Unavailable("The database does not answer at the moment. Nothing is lost; try again in a minute.")
    else:
        told = Unavailable("The message broker does not answer at the moment. Nothing is lost; try again in a minute.")
    told.__cause__ = fault
    return told


def respond(request: HttpRequest, fault: ChanceryError) -> HttpResponse:
    fault = note_denial(request, fault)
    if fault.status >= 500:
        log.error("%s: %s", fault.code, fault.message, exc_info=fault)
    response: HttpResponse
    if is_for_programs(request):
        response = for_program(request, fault)
    else:
        response = render(request, "fault.html", {"fault": fault}, status=fault.status)
    if isinstance(fault, Busy):
        response["Retry-After"] = str(max(1, round(fault.wait_s)))
    if isinstance(fault, QuotaSpent):
        for name, value in fault.headers.items():
            response[name] = value
    return response


def is_for_programs(request: HttpRequest) -> bool:
    """Whether a program asks, which wants JSON, and not a page of the portal."""
    return request.path.startswith(("/api/", "/v1/", DIRECTORIES)) or request.path == MCP


def for_program(request: HttpRequest, fault: ChanceryError) -> JsonResponse:
    media = scim.MEDIA if request.path.startswith(DIRECTORIES) else "application/json"
    return JsonResponse(told(request, fault), status=fault.status, content_type=media)


def told(request: HttpRequest, fault: ChanceryError) -> dict[str, object]:
    """In the error shape of the API that was asked."""
    if request.path == MCP:
        return mcp_errors.body(fault, _id(request))
    if request.path.startswith(DIRECTORIES):
        return scim.body(fault)
    return errors.body(fault) if request.path.startswith("/v1/") else body(request, fault)


def body(request: HttpRequest, fault: ChanceryError) -> dict[str, object]:
    """The one error shape of the API."""
    told: dict[str, object] = {"code": fault.code, "message": fault.message, "request_id": _id(request)}
    return {"error": told | fault.details()}


def note_denial(request: HttpRequest, fault: ChanceryError) -> ChanceryError:
    """Put a denial on the record. Where that fails, the failure is what the caller is told."""
    caller = getattr(request, "caller", None)
    if caller is None or not isinstance(fault, (access.Denied, access.NotVisible)):
        return fault
    decision = fault.decision
    resource = (decision.kind, decision.resource) if decision.resource else None
    try:
        facts = {"action": decision.action, "reason": decision.reason}
        events.record(caller, Event.ACCESS_DENIED, resource=resource, facts=facts)
    except RecordUnavailable as unavailable:
        return unavailable
    return fault


def _id(request: HttpRequest) -> str:
    return getattr(request, "request_id", "")
