"""DRF's own faults in the API's one error shape; ours are rendered where the portal's are."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from rest_framework import exceptions

from assistant.middleware import faults
from governance.errors import (
    ChanceryError,
    Forbidden,
    InvalidInput,
    MethodNotAllowed,
    NotFound,
    NotSignedIn,
    Unsupported,
)


def render(fault: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's EXCEPTION_HANDLER. None leaves an unexpected fault to Django, which answers 500."""
    ours = translate(fault)
    return faults.respond(context["request"]._request, ours) if ours else None


# The first that fits is what the fault is told as.
OURS: tuple[tuple[type[exceptions.APIException], type[ChanceryError]], ...] = (
    (exceptions.UnsupportedMediaType, Unsupported),
    (exceptions.NotAuthenticated, NotSignedIn),
    (exceptions.AuthenticationFailed, NotSignedIn),
    (exceptions.PermissionDenied, Forbidden),
    (exceptions.MethodNotAllowed, MethodNotAllowed),
    (exceptions.ValidationError, InvalidInput),
    (exceptions.ParseError, InvalidInput),
)


def translate(fault: Exception) -> ChanceryError | None:
    if isinstance(fault, ChanceryError):
        return fault
    if isinstance(fault, Http404):
        return NotFound("There is nothing here that you may see.")
    for theirs, ours in OURS:
        if isinstance(fault, theirs):
            return ours(_sentence(fault.detail))
    return None


def _sentence(detail: Any, field: str = "") -> str:
    if isinstance(detail, dict):
        return " ".join(_sentence(value, str(key)) for key, value in detail.items())
    if isinstance(detail, list):
        return " ".join(_sentence(value, field) for value in detail)
    return f"{field}: {detail}" if field and field != "non_field_errors" else str(detail)
