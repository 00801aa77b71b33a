"""How the OpenAPI file says by what a caller is known."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class Known(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "assistant.api.authentication.CallerAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key of Chancery."}
