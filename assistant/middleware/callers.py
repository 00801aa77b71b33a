"""Who calls: `request.caller` is a Scope, from the session or from a Bearer key, evaluated anew at every request."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from assistant.middleware import faults
from assistant.operators.sign_in import DOOR
from governance import keys, people
from governance.scope import Scope

CLIENTS = {"/v1/": "openai", "/api/": "api"}


class Callers:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            # On the operators' pages nobody is a caller, whatever they carry: see middleware.operators.
            is_theirs = request.path.startswith(DOOR)
            request.caller = None if is_theirs else identify(request)  # type: ignore[attr-defined]
        except faults.DATABASE_AWAY as fault:  # what middleware raises reaches no process_exception
            return faults.respond(request, faults.unavailable(fault))
        response = self.get_response(request)
        # What one person may see is kept by no proxy, and by no browser that somebody else sits down at.
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


def identify(request: HttpRequest) -> Scope | None:
    """A key, where one is sent, decides alone: a wrong one is nobody, whatever the session says."""
    request_id: str = request.request_id  # type: ignore[attr-defined]
    kind, _, credential = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        # A key needs no CSRF token: a foreign page cannot make a browser send it.
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        found = keys.resolve(credential.strip(), request_id)
        return found.through(client(request)) if found else None
    if not request.session.get("_auth_user_id") or not request.user.is_authenticated:
        return None
    scope = people.scope_of(request.user.pk, request_id)
    return scope.through(client(request), request.session.session_key or "") if scope else None


def client(request: HttpRequest) -> str:
    """What was spoken to."""
    return next((name for start, name in CLIENTS.items() if request.path.startswith(start)), "portal")
