"""What a passkey is asked to sign: kept in the browser's session, for one purpose, once, for five minutes."""

from __future__ import annotations

import ipaddress
import json
import time
import uuid
from typing import Any

from django.http import HttpRequest

from governance import models
from governance.accounts import passkeys
from governance.accounts.passkeys import Site
from governance.scope import Scope

SECONDS = 300
LONGEST_ANSWER = 20_000


def site(request: HttpRequest) -> Site:
    host = request.get_host()
    return Site(_bare(host), f"{request.scheme}://{host}")


def is_possible(request: HttpRequest) -> bool:
    """A passkey belongs to a name: WebAuthn knows none of an address in numbers."""
    try:
        ipaddress.ip_address(_bare(request.get_host()).strip("[]"))
    except ValueError:
        return True
    return False


def new(request: HttpRequest, purpose: str, scope: Scope, person: models.Person) -> dict[str, Any]:
    """What the browser is to be told, to make a passkey of the person's."""
    options, state = passkeys.begin_registration(scope, site(request), person.email, person.name)
    _keep(request, purpose, state)
    return options


def proof(request: HttpRequest, purpose: str, scope: Scope, person: uuid.UUID) -> dict[str, Any]:
    """What it is to be told, to prove somebody by theirs; nothing where none of theirs opens at this address."""
    here = [row for row in passkeys.of(scope, person) if row.host == site(request).host]
    return _asked(request, purpose, here) if here else {}


def proof_of_anybody(request: HttpRequest, purpose: str) -> dict[str, Any]:
    """By whichever the browser holds."""
    return _asked(request, purpose, None)


def _asked(request: HttpRequest, purpose: str, known: list[models.Passkey] | None) -> dict[str, Any]:
    options, state = passkeys.begin_proof(site(request), known)
    _keep(request, purpose, state)
    return options


def _keep(request: HttpRequest, purpose: str, state: dict[str, Any]) -> None:
    kept = {"challenge": state["challenge"], "user_verification": str(state["user_verification"].value)}
    request.session[_place(purpose)] = kept | {"at": time.time()}


def take(request: HttpRequest, purpose: str) -> dict[str, Any] | None:
    """None where there is none, or it is too old."""
    kept = request.session.pop(_place(purpose), None)
    return kept if kept and time.time() - kept["at"] <= SECONDS else None


def answer(request: HttpRequest, field: str = "answer") -> Any:
    """What the browser's passkey said; None where it cannot be read."""
    try:
        return json.loads(request.POST.get(field, "")[:LONGEST_ANSWER])
    except (ValueError, RecursionError):
        return None


def _place(purpose: str) -> str:
    return f"passkey:{purpose}"


def _bare(host: str) -> str:
    name, _, port = host.rpartition(":")
    return name if name and port.isdecimal() else host
