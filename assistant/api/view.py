"""What every operation of the API stands on."""

from __future__ import annotations

from rest_framework.views import APIView

from governance.scope import Scope


class Operation(APIView):
    @property
    def caller(self) -> Scope:
        """Who asks. The permission class has seen to it that there is someone."""
        found = self.request.auth
        assert isinstance(found, Scope)  # noqa: S101  for the type checker
        return found
