"""What Django answers by itself, outside every view of ours: in the API's one error shape there, as a page elsewhere."""

from __future__ import annotations

import sys

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

from assistant.middleware import faults
from governance import disk
from governance.errors import ChanceryError, Forbidden, InvalidInput, NotFound, TooLarge, Unavailable

TOO_MUCH = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


class Unexpected(ChanceryError):
    code = "unexpected"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, TOO_MUCH):
        return faults.respond(request, TooLarge("There is more in this request than is taken. Send less at a time."))
    return faults.respond(request, InvalidInput("This request cannot be read."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    if faults.is_for_programs(request):
        return _told(request, Forbidden("You may not do this."))
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if faults.is_for_programs(request):
        return _told(request, NotFound("There is nothing at this address."))
    return defaults.page_not_found(request, exception)


def failed(request: HttpRequest) -> HttpResponse:
    """Django has logged the fault itself; nothing of it is told but that a disk is full, which is not to be looked for in it."""
    if disk.is_full(sys.exception()):
        return faults.respond(request, Unavailable(disk.NO_ROOM))
    if faults.is_for_programs(request):
        return _told(request, Unexpected("Something went wrong here. Tell your administrator the request's number."))
    return defaults.server_error(request)


def _told(request: HttpRequest, fault: ChanceryError) -> JsonResponse:
    return faults.for_program(request, fault)
