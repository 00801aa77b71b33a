"""Proving once more who one is, before something dangerous, in a session that is open already."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from assistant.sign_in import challenges, second, strength, tries
from assistant.sso.entry import LEFT_BY
from governance import models
from governance.accounts import factors, passkeys
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput
from governance.identity import providers
from governance.scope import Scope
from governance.sentence import phrase

PURPOSE = "confirm"
TRIES, TRIES_WITHIN_S = 5, 300
BY = "confirm_by"  # which proof was given; its fields begin like this one, and are no part of what is confirmed
PREFIX = "confirm_"
WRONG = phrase("That was not right. Nothing was done yet.")


@dataclass(frozen=True)
class Ways:
    """What this person can prove themselves with here. `passkey` is what the browser is told."""

    has_password: bool
    has_code: bool
    passkey: dict[str, Any] = field(default_factory=dict)
    provider: models.IdentityProvider | None = None


def ways(request: HttpRequest, scope: Scope) -> Ways:
    with scope.transaction():
        person = models.Person.objects.get(pk=scope.person)
    has = factors.of(scope, scope.person)
    passkey = challenges.proof(request, PURPOSE, scope, scope.person)
    return Ways(person.has_usable_password(), has.has_totp or has.codes > 0, passkey, _provider(request, scope))


def prove(request: HttpRequest, scope: Scope) -> None:
    """By what was sent. Raises InvalidInput, which is recorded, or Busy."""
    by = request.POST.get(BY, "")
    if waits := tries.wait_s(_key(scope.person), TRIES, TRIES_WITHIN_S):
        _refused(scope, by, "too many tries")
        raise tries.busy(waits)
    method = _PROOFS[by](request, scope) if by in _PROOFS else ""
    if not method:
        _refused(scope, by if by in _PROOFS else "none", "wrong")
        raise InvalidInput(WRONG)
    events.record(scope, Event.CONFIRMED, facts={"method": method})
    known = strength.of(request.session)
    has_two = method != "password" or bool(known and known.mfa)
    strength.note(request.session, method, mfa=has_two)
    tries.forget(_key(scope.person))


def _password(request: HttpRequest, scope: Scope) -> str:
    with scope.transaction():
        person = models.Person.objects.get(pk=scope.person)
    given = request.POST.get(f"{PREFIX}password", "")[:1000]
    return "password" if person.has_usable_password() and person.check_password(given) else ""


def _code(request: HttpRequest, scope: Scope) -> str:
    return second.checked(scope, scope.person, request.POST.get(f"{PREFIX}code", "")[:100])


def _passkey(request: HttpRequest, scope: Scope) -> str:
    state, answer = challenges.take(request, PURPOSE), challenges.answer(request, f"{PREFIX}answer")
    if state is None:
        return ""
    try:
        passkeys.prove(scope, challenges.site(request), state, answer, scope.person)
    except InvalidInput:
        return ""
    return "passkey"


_PROOFS = {"password": _password, "code": _code, "passkey": _passkey}


def _provider(request: HttpRequest, scope: Scope) -> models.IdentityProvider | None:
    """The one that this session came through."""
    kept = request.session.get(LEFT_BY)
    if not kept:
        return None
    return next((row for row in providers.ways(scope) if row.pk == uuid.UUID(kept)), None)


def _refused(scope: Scope, by: str, reason: str) -> None:
    events.record(scope, Event.CONFIRMATION_REFUSED, facts={"method": by, "reason": reason})


def _key(person: uuid.UUID) -> str:
    return f"confirm:{person}"
