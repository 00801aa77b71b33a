"""DRF's view of who calls; the middleware has found out already."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from governance.errors import NotSignedIn
from governance.scope import Scope


class CallerAuthentication(BaseAuthentication):
    """A session must bring the CSRF token, since a browser sends its cookie for anyone; a Bearer key need not."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        caller: Scope | None = request._request.caller  # type: ignore[attr-defined]
        if caller is None:
            return None
        if caller.key is None:
            check = CSRFCheck(lambda _: None)  # type: ignore[arg-type]
            check.process_request(request._request)
            reason = check.process_view(request._request, None, (), {})  # type: ignore[arg-type]
            if reason:
                raise PermissionDenied(f"CSRF: {reason}")
        return request._request.user, caller

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class SignedIn(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, Scope):
            raise NotSignedIn("Send an API key as `Authorization: Bearer …`, or sign in. It may have expired.")
        return True
