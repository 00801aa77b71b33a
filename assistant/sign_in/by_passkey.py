"""Signing in by a passkey alone: it is two factors by itself, since it asks for the person's finger or PIN."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest

from assistant import sign_in
from assistant.sign_in import challenges, from_here, tries
from governance import people
from governance.accounts import passkeys
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput, NotFound, NotSignedIn
from governance.identity import providers
from governance.roles import Role
from governance.scope import Scope
from governance.sentence import phrase

PURPOSE = "sign-in"
REFUSAL = phrase("That passkey does not open anything here. Sign in with your password.")


def begin(request: HttpRequest) -> dict[str, Any]:
    """What the browser is to be told. Nobody is known yet."""
    return challenges.proof_of_anybody(request, PURPOSE)


def sign_in_by(request: HttpRequest) -> None:
    """Start the session of whoever's passkey it is. Raises NotSignedIn, always with the same words, or Busy."""
    if waits := from_here.held_s(request):
        raise tries.busy(waits)
    state, answer = challenges.take(request, PURPOSE), challenges.answer(request)
    if state is None:
        raise NotSignedIn(REFUSAL)  # nobody was asked for one: nothing to record
    scope = _whose(request, answer)
    if scope is None:
        from_here.count(request)
        payload = {"detail": json.dumps(answer)[:200]}
        events.record_installation(
            Event.SIGN_IN_REFUSED, facts=_facts("unknown passkey"), payload=payload, request_id=_id(request)
        )
        raise NotSignedIn(REFUSAL)
    try:
        passkeys.prove(scope.as_system(), challenges.site(request), state, answer, scope.person)
        reason = _shut(scope)
    except InvalidInput:
        reason = "wrong passkey"
    if reason:
        from_here.count(request)
        events.record(scope.as_system(), Event.SIGN_IN_REFUSED, resource=("person", scope.person), facts=_facts(reason))
        raise NotSignedIn(REFUSAL)
    sign_in.begin(request, scope, {"method": "passkey", "mfa": True}, is_past=providers.are_required(scope))


def _whose(request: HttpRequest, answer: Any) -> Scope | None:
    """Their scope, where they are there and switched on, and so is their tenant."""
    said = passkeys.whose(answer)
    try:
        return people.scope_in(said.tenant, said.person, _id(request)) if said else None
    except NotFound:
        return None


def _shut(scope: Scope) -> str:
    if not sign_in.admits(scope):
        return "demo logins are off"
    if providers.are_required(scope) and Role.TENANT_ADMIN not in scope.roles:
        return "single sign-on is required"
    return ""


def _facts(reason: str) -> dict[str, str]:
    return {"method": "passkey", "reason": reason}


def _id(request: HttpRequest) -> str:
    return str(request.request_id)  # type: ignore[attr-defined]
