"""What every address under /scim/v2/<directory>/ stands on: that directory's own token, JSON, and SCIM's errors."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.views.generic import View

from assistant.middleware import faults
from assistant.scim.errors import MEDIA, NotImplementedHere, Rejected
from assistant.sign_in.tries import are_over
from governance.errors import (
    Busy,
    ChanceryError,
    InvalidInput,
    MethodNotAllowed,
    NotFound,
    NotSignedIn,
    TooLarge,
    Unsupported,
)
from governance.identity.directories import refused
from governance.scope import ActorKind, Scope

CALLS = 3_000  # a directory and minute: twice what Entra asks of whoever it provisions
WITHIN_S = 60
BODY_LONGEST = 4 * 2**20
CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_TAG = re.compile(r'(?:W/)?"(\d{1,9})"')


class Door(View):
    """`caller` is the directory; `root` the address that everything of it stands under."""

    caller: Scope
    root: str
    kind = ""  # User or Group, where it is about one

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            self.caller = _caller(request, kwargs.pop("directory"))
        except NotSignedIn as fault:
            response = faults.respond(request, fault)
            response["WWW-Authenticate"] = "Bearer"
            return response
        if are_over(f"scim:{self.caller.actor}", CALLS, WITHIN_S):
            raise Busy("Too many requests of this directory. Go on in a minute.", wait_s=WITHIN_S)
        self.root = request.build_absolute_uri(reverse("scim-root", args=[self.caller.actor]))[:-1]
        try:
            return super().dispatch(request, *args, **kwargs)
        except ChanceryError as fault:
            if str(request.method) in CHANGES and self.kind:
                refused.note(self.caller, str(request.method), self.kind, _target(request, kwargs), fault)
            raise

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        raise MethodNotAllowed(f"{request.method} is not for this address.")

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.http_method_not_allowed(request)

    def sent(self) -> Any:
        """The body's JSON. Raises Unsupported, TooLarge, Rejected with invalidSyntax."""
        if "json" not in str(self.request.content_type):
            raise Unsupported("Send JSON, as application/scim+json.")
        if len(self.request.body) > BODY_LONGEST:
            raise TooLarge("A request has at most 4 MiB here.")
        try:
            return json.loads(self.request.body)
        except (ValueError, RecursionError):
            raise Rejected("The body is not JSON.", "invalidSyntax") from None

    def number(self) -> int | None:
        """Which version If-Match names; None for any. Raises InvalidInput."""
        given = self.request.headers.get("If-Match", "").strip()
        if given in {"", "*"}:
            return None
        found = _TAG.fullmatch(given)
        if found is None:
            raise InvalidInput('If-Match names the version that was read, such as W/"3".')
        return int(found.group(1))


class Unknown(Door):
    """Whatever else stands under a directory: no verb is for it."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        kwargs.pop("rest", None)
        return super().dispatch(request, *args, **kwargs)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        raise NotFound("There is nothing at this address.")


class Elsewhere(Door):
    """What the RFC has and this does not: /Bulk, /Me, and a search over both kinds at once."""

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        raise NotImplementedHere("This is not supported: see ServiceProviderConfig.")


def respond(told: dict[str, Any], status: int = 200) -> HttpResponse:
    return HttpResponse(json.dumps(told, ensure_ascii=False), status=status, content_type=MEDIA)


def _caller(request: HttpRequest, directory: uuid.UUID) -> Scope:
    """One answer for no token, one that ended, and one of another directory: who is here is nobody else's to ask."""
    found: Scope | None = request.caller  # type: ignore[attr-defined]
    if found is None or found.kind is not ActorKind.DIRECTORY or found.actor != directory:
        raise NotSignedIn("Send a token of this directory as `Authorization: Bearer …`. It may have ended.")
    return found


def _target(request: HttpRequest, kwargs: dict[str, Any]) -> str:
    """What it was about, in the directory's word."""
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError):
        sent = None
    named = [sent.get(name) for name in ("userName", "displayName")] if isinstance(sent, dict) else []
    return next((one for one in named if isinstance(one, str)), str(kwargs.get("one", "")))[:255]
