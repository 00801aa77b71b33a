"""Local sign-in: within one tenant, found by its short name or by the e-mail's domain. Every try is on the record."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.http import HttpRequest

from governance import models, people, tenants
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Busy, NotSignedIn
from governance.scope import Scope

REFUSAL = "The e-mail address or the password is wrong."
TRIES = 10
TRIES_WITHIN_S = 300


class LocalBackend:
    """Django's session machinery asks here for the person behind a session."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        """Nobody: signing in needs a tenant, and goes through `sign_in` below."""

    def get_user(self, user_id: str) -> models.Person | None:
        scope = people.scope_of(uuid.UUID(str(user_id)))
        if scope is None:
            return None
        with scope.transaction():
            return models.Person.objects.filter(pk=scope.person, is_active=True).first()


def sign_in(request: HttpRequest, slug: str, email: str, password: str) -> None:
    """Start a session. Raises NotSignedIn, always with the same words, or Busy after too many tries."""
    request_id: str = request.request_id  # type: ignore[attr-defined]
    found = tenants.find_for_login(slug or email.rpartition("@")[2])
    if found is None:
        make_password(password)  # as long as a real check takes: an unknown tenant is not told apart by time
        events.record_installation(
            Event.SIGN_IN_REFUSED, facts={"reason": "no tenant"}, payload={"email": email}, request_id=request_id
        )
        raise NotSignedIn(REFUSAL)
    scope = Scope.system(found.id, request_id)
    if tenants.current(scope).is_demo and not settings.DEMO_LOGINS:
        facts = {"reason": "demo logins are off"}
        events.record(scope, Event.SIGN_IN_REFUSED, facts=facts, payload={"email": email}, subject=found.id)
        raise NotSignedIn(REFUSAL)
    _count_try(found.id, email)
    person = people.find_by_email(scope, email)
    if not _may(person, password):
        subject = person.pk if person else found.id
        events.record(
            scope, Event.SIGN_IN_REFUSED, facts={"reason": "wrong"}, payload={"email": email}, subject=subject
        )
        raise NotSignedIn(REFUSAL)
    assert person is not None  # noqa: S101  for the type checker: _may is false without one
    events.record(people.scope_in(found.id, person.pk, request_id), Event.SIGNED_IN, facts={"method": "password"})
    with scope.transaction():
        auth.login(request, person, backend="assistant.sign_in.LocalBackend")
    cache.delete(_key(found.id, email))


def sign_out(request: HttpRequest) -> None:
    caller: Scope | None = request.caller  # type: ignore[attr-defined]
    if caller is not None:
        events.record(caller, Event.SIGNED_OUT)
    auth.logout(request)


def _may(person: models.Person | None, password: str) -> bool:
    if person is None or not person.is_active:
        make_password(password)
        return False
    return person.check_password(password)


def _count_try(tenant: uuid.UUID, email: str) -> None:
    key = _key(tenant, email)
    cache.add(key, 0, TRIES_WITHIN_S)
    if cache.incr(key) > TRIES:
        raise Busy("Too many tries. Wait five minutes, then try again.", wait_s=TRIES_WITHIN_S)


def _key(tenant: uuid.UUID, email: str) -> str:
    return "sign-in:" + hashlib.sha256(f"{tenant}{email.lower()}".encode()).hexdigest()
