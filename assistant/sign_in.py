"""Local sign-in: within one tenant, found by its short name or by the e-mail's domain. Every try is on the record."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from assistant.sso import pending
from assistant.tries import are_over, forget
from governance import models, people, tenants
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Busy, NotSignedIn
from governance.identity import providers
from governance.roles import Role
from governance.scope import Scope
from governance.sentence import phrase

REFUSAL = phrase("The e-mail address or the password is wrong.")
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
    slug, email = slug.replace("\x00", ""), email.replace("\x00", "").strip()
    place = slug or email.rpartition("@")[2]
    found = tenants.find_for_login(place)
    scope = Scope.system(found.id, request_id) if found else None
    person = people.find_by_email(scope, email) if scope else None
    # At a tenant that is not there, too: a lockout must not tell which are.
    tries = _key(scope.tenant if scope else place, person.pk if person else email)
    if are_over(tries, TRIES, TRIES_WITHIN_S):
        _record_refusal(scope, person, email, "too many tries", request_id)
        raise Busy("Too many tries. Wait five minutes, then try again.", wait_s=TRIES_WITHIN_S)
    is_right = _may(person, password)
    reason = "wrong" if not is_right else _shut(request, scope, person)
    if scope is None or person is None or reason:
        _record_refusal(scope, person, email, reason if scope else "no tenant", request_id)
        raise NotSignedIn(REFUSAL)
    begin(request, people.scope_in(scope.tenant, person.pk, request_id), {"method": "password", "mfa": False})
    forget(tries)


def begin(request: HttpRequest, scope: Scope, facts: dict[str, Any]) -> None:
    """The person's session, under a new key, and its record: both or neither."""
    try:
        with scope.transaction():
            person = models.Person.objects.get(pk=scope.person)
            auth.login(request, person, backend="assistant.sign_in.LocalBackend")
            told = scope.through("portal", request.session.session_key or "")
            events.record(told, Event.SIGNED_IN, facts=facts)
    except BaseException:
        request.session.clear()  # what is saved with the response must not be a session that nobody recorded
        raise


def sign_out(request: HttpRequest) -> str:
    """The short name of the tenant that was left; empty where nobody was signed in."""
    caller: Scope | None = request.caller  # type: ignore[attr-defined]
    left = ""
    if caller is not None:
        events.record(caller, Event.SIGNED_OUT)
        left = tenants.current(caller).slug
    auth.logout(request)
    return left


def forget_tries(tenant: uuid.UUID, person: uuid.UUID) -> None:
    forget(_key(tenant, person))


def _may(person: models.Person | None, password: str) -> bool:
    if person is None or not person.is_active:
        make_password(password)  # as long as a real check takes: nobody is told apart by time
        return False
    return person.check_password(password)


def admits(scope: Scope) -> bool:
    """Is the tenant open for signing in? A demo tenant is so while its logins are on."""
    return settings.DEMO_LOGINS or not tenants.current(scope).is_demo


def _shut(request: HttpRequest, scope: Scope | None, person: models.Person | None) -> str:
    """Why the right password does not open, or nothing. It may complete a first sign-in through a provider."""
    if scope is None or person is None or not admits(scope):
        return "demo logins are off"
    has_linked = pending.link(request, scope, person.pk)
    if has_linked or not providers.are_required(scope):
        return ""
    roles = people.scope_in(scope.tenant, person.pk).roles
    return "" if Role.TENANT_ADMIN in roles else "single sign-on is required"


def _record_refusal(
    scope: Scope | None, person: models.Person | None, email: str, reason: str, request_id: str
) -> None:
    facts, payload = {"reason": reason}, {"email": email}
    if scope is None:
        events.record_installation(Event.SIGN_IN_REFUSED, facts=facts, payload=payload, request_id=request_id)
    else:
        subject = person.pk if person else scope.tenant
        events.record(scope, Event.SIGN_IN_REFUSED, facts=facts, payload=payload, subject=subject)


def _key(tenant: uuid.UUID | str, who: uuid.UUID | str) -> str:
    """By the person where there is one, so that no other spelling of their address gives new tries."""
    return "sign-in:" + hashlib.sha256(f"{tenant} {who}".lower().encode()).hexdigest()
