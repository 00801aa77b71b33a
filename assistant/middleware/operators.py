"""`request.operator` on the operators' pages; elsewhere nobody is an operator."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from assistant.middleware import faults
from assistant.operators import sign_in


class Operators:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.operator = None  # type: ignore[attr-defined]
        if request.path.startswith(sign_in.DOOR):
            try:
                request.operator = sign_in.found(request)  # type: ignore[attr-defined]
            except faults.DATABASE_AWAY as fault:
                return faults.respond(request, faults.unavailable(fault))
        return self.get_response(request)
