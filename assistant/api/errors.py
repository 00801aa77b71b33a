"""DRF's own faults in the API's one error shape; ours are rendered where the portal's are."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from rest_framework import exceptions

from assistant.middleware import faults
from governance.errors import ChanceryError, Forbidden, InvalidInput, NotFound, NotSignedIn, Unsupported


class MethodNotAllowed(ChanceryError):
    code = "method_not_allowed"
    status = 405


def render(fault: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's EXCEPTION_HANDLER. None leaves an unexpected fault to Django, which answers 500."""
    ours = translate(fault)
    return faults.respond(context["request"]._request, ours) if ours else None


def translate(fault: Exception) -> ChanceryError | None:
    match fault:
        case ChanceryError():
            return fault
        case Http404():
            return NotFound("There is nothing here that you may see.")
        case exceptions.ValidationError():
            return InvalidInput(_sentence(fault.detail))
        case exceptions.ParseError():
            return InvalidInput(f"The body cannot be read: {fault.detail}")
        case exceptions.UnsupportedMediaType():
            return Unsupported(str(fault.detail))
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return NotSignedIn(str(fault.detail))
        case exceptions.PermissionDenied():
            return Forbidden(str(fault.detail))
        case exceptions.MethodNotAllowed():
            return MethodNotAllowed(str(fault.detail))
    return None


def _sentence(detail: Any, field: str = "") -> str:
    if isinstance(detail, dict):
        return " ".join(_sentence(value, str(key)) for key, value in detail.items())
    if isinstance(detail, list):
        return " ".join(_sentence(value, field) for value in detail)
    return f"{field}: {detail}" if field and field != "non_field_errors" else str(detail)
