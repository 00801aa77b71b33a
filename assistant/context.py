"""What every page of the portal may show."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, Any]:
    return {"caller": getattr(request, "caller", None)}
