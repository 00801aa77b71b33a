"""What every operation under /v1 stands on: a key and never a session, JSON whatever is asked for, OpenAI's errors."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from assistant.api import errors
from assistant.v1.completions import Failed
from assistant.v1.errors import NoSuchAddress
from assistant.v1.fields import Fields
from governance.errors import NotSignedIn, QuotaHeld, QuotaSpent, Unavailable
from governance.scope import Scope

AGAIN_S = 5  # a model that is started again takes some seconds


class KeyAuthentication(BaseAuthentication):
    """A session is no key: a browser sends its cookie for any page that asks, and here nothing checks for a token."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        caller: Scope | None = request._request.caller  # type: ignore[attr-defined]
        return (request._request.user, caller) if caller and caller.key else None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class HasKey(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, Scope):
            raise NotSignedIn(
                "Send an API key of Chancery as `Authorization: Bearer …`. This one is none, or has ended."
            )
        return True


class Operation(APIView):
    authentication_classes = [KeyAuthentication]
    permission_classes = [HasKey]
    schema = None  # OpenAI's own description holds; docs/openai.md says how far

    @property
    def caller(self) -> Scope:
        """Who asks. The permission class has seen to it that there is someone."""
        found = self.request.auth
        assert isinstance(found, Scope)  # noqa: S101  for the type checker
        return found

    def sent(self) -> Fields:
        return Fields.read(self.request._request)

    def get_exception_handler(self) -> Any:
        return render


class Unknown(Operation):
    """Whatever else stands under /v1: a client's own client reads our errors, so it gets none of Django's pages."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NoSuchAddress(f"There is no {request.method} {request.path} here. See /v1/models.")


def render(fault: Exception, context: dict[str, Any]) -> HttpResponse | None:
    response = errors.render(fault, context)
    is_spent = isinstance(fault, QuotaSpent) and not isinstance(fault, QuotaHeld)
    if response and (is_spent or isinstance(fault, Failed)):
        # OpenAI's clients try a 429 and every 5xx again at once. The one ends with the day, and the other would end the same.
        response["x-should-retry"] = "false"
    if response and isinstance(fault, Unavailable):
        response["Retry-After"] = str(AGAIN_S)
    return response
