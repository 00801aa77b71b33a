"""The row of a browser's session beside Django's own: from where it is used, and when it was last."""

from __future__ import annotations

import time

from django.http import HttpRequest

from assistant.middleware import addresses
from governance.accounts import sessions
from governance.scope import Scope

REMEMBERED_MOST = 10_000
# When this process last wrote that a session was seen. Another one may do so as well: once in five minutes costs nothing.
_seen: dict[str, float] = {}


def note(request: HttpRequest, scope: Scope) -> None:
    """That it is in use, at most every five minutes."""
    if time.monotonic() - _seen.get(scope.session, -1e9) > sessions.SEEN_EVERY.total_seconds():
        sessions.touch(scope, agent(request), addresses.of(request))
        seen(scope.session)


def agent(request: HttpRequest) -> str:
    return request.headers.get("User-Agent", "")


def seen(mark: str) -> None:
    if len(_seen) >= REMEMBERED_MOST:
        _seen.clear()
    _seen[mark] = time.monotonic()
