"""What every operation of the API stands on."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.views import APIView

from assistant.api import deprecated
from assistant.sign_in import strength
from governance.errors import ConfirmationNeeded
from governance.scope import Scope


class Operation(APIView):
    dangerous: frozenset[str] = frozenset()  # methods that a session does only with a fresh proof of who it is

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in self.dangerous and self.caller.key is None and not strength.is_fresh(request.session):
            raise ConfirmationNeeded("Sign in anew, or confirm in the portal that it is you. An API key is not asked.")

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        deprecated.told(response, request)
        return response

    @property
    def caller(self) -> Scope:
        """Who asks. The permission class has seen to it that there is someone."""
        found = self.request.auth
        assert isinstance(found, Scope)  # noqa: S101  for the type checker
        return found
