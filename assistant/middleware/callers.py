"""Who calls: `request.caller` is a Scope, from the session or from a Bearer key, evaluated anew at every request.

A key may be narrowed to addresses and to a pace, and the API has one for each person, by whichever of their keys or by a
session. What is over it is refused here, before anything is done for it.
"""

from __future__ import annotations

import contextlib
import math
import uuid
from collections.abc import Callable
from dataclasses import replace

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from redis import RedisError

from assistant import line
from assistant.middleware import addresses, faults
from assistant.operators.sign_in import DOOR
from assistant.sign_in import presence
from governance import keys, pace
from governance.errors import ChanceryError, TooFast
from governance.identity.directories import registry
from governance.scope import Scope
from governance.sentence import phrase, sentence

OF_A_KEY = phrase("This key takes %(most)s requests a minute. Wait, then try again.")
OF_A_PERSON = phrase("One person sends %(most)s requests a minute at most. Wait, then try again.")
CLIENTS = {"/v1/": "openai", "/api/": "api", faults.MCP: "mcp", faults.DIRECTORIES: "scim"}


class Callers:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            # On the operators' pages nobody is a caller, whatever they carry: see middleware.operators.
            is_theirs = request.path.startswith(DOOR)
            request.caller = None if is_theirs else identify(request)  # type: ignore[attr-defined]
        except faults.PARTS_AWAY as fault:  # what middleware raises reaches no process_exception
            return faults.respond(request, faults.unavailable(fault))
        except ChanceryError as fault:
            return _paced(request, faults.respond(request, fault))
        if request.caller is not None:  # type: ignore[attr-defined]
            line.know(request, request.caller)  # type: ignore[attr-defined]
        response = self.get_response(request)
        # What one person may see is kept by no proxy, and by no browser that somebody else sits down at.
        response.headers.setdefault("Cache-Control", "private, no-store")
        return _paced(request, response)


def identify(request: HttpRequest) -> Scope | None:
    """A key, where one is sent, decides alone: a wrong one is nobody, whatever the session says."""
    request_id: str = request.request_id  # type: ignore[attr-defined]
    kind, _, credential = request.headers.get("Authorization", "").partition(" ")
    if request.path.startswith(faults.DIRECTORIES):
        return directory(request, kind, credential.strip(), request_id)
    if kind.lower() == "bearer":
        # A key needs no CSRF token: a foreign page cannot make a browser send it.
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        found = keys.presented(credential.strip(), request_id, addresses.of(request))
        if found is None:
            return None
        scope = found.scope.through(client(request))
        _keep_pace(request, scope, found.per_minute)
        return scope
    if not request.session.get("_auth_user_id") or not request.user.is_authenticated:
        return None
    person: Scope = request.user.scope  # type: ignore[attr-defined]
    told = replace(person, request_id=request_id).through(client(request), request.session.session_key or "")
    _keep_usual_pace(request, told)
    presence.note(request, told)
    return told


def _keep_pace(request: HttpRequest, scope: Scope, per_minute: int | None) -> None:
    """Raises TooFast, and RedisError where nobody counts. What acts for somebody is counted as the key that it was given for."""
    if per_minute is None or scope.charged is None:
        _keep_usual_pace(request, scope)
        return
    try:
        _take(request, scope.charged, per_minute, OF_A_KEY)
    except TooFast:
        keys.note_refusal(scope, "pace")
        raise


def _keep_usual_pace(request: HttpRequest, scope: Scope) -> None:
    """That of the API for one person. Where nobody counts they go on: nobody has promised anything by it. Raises TooFast."""
    if scope.actor is None or not settings.API_PER_MINUTE or not faults.is_for_programs(request):
        return
    with contextlib.suppress(RedisError):
        _take(request, scope.actor, settings.API_PER_MINUTE, OF_A_PERSON)


def _take(request: HttpRequest, whose: uuid.UUID, per_minute: int, refusal: str) -> None:
    """Raises TooFast, and RedisError where nobody counts."""
    taken = pace.take(whose, per_minute)
    request.pace = taken  # type: ignore[attr-defined]
    if not taken.passes:
        raise TooFast(sentence(refusal, most=taken.limit), wait_s=math.ceil(taken.wait_s))


def _paced(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    taken: pace.Taken | None = getattr(request, "pace", None)
    for name, value in (taken.headers if taken else {}).items():
        response.headers.setdefault(name, value)  # where a quota is used up, that is what was refused
    return response


def directory(request: HttpRequest, kind: str, token: str, request_id: str) -> Scope | None:
    """Where a directory calls nobody else is anybody: no session and no API key opens anything there."""
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
    found = registry.resolve(token, request_id) if kind.lower() == "bearer" else None
    return found.through(client(request)) if found else None


def client(request: HttpRequest) -> str:
    """What was spoken to."""
    return next((name for start, name in CLIENTS.items() if request.path.startswith(start)), "portal")
