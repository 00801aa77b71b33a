"""What every page of the portal may show."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, Any]:
    """Nobody for an API key: a page that Django answers by itself is shown to whoever asks, and has no room for one."""
    caller = getattr(request, "caller", None)
    return {"caller": caller if caller and caller.key is None else None}
