"""Local sign-in: within one tenant, found by its short name or by the e-mail's domain. Every try is on the record."""

from __future__ import annotations

import hashlib
import logging
import uuid
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from assistant.middleware import addresses
from assistant.sign_in import from_here, presence, second, strength, tries
from assistant.sign_in.second import Step
from assistant.sso import pending
from governance import access, models, people, tenants
from governance.accounts import sessions
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import NotSignedIn
from governance.identity import providers
from governance.roles import Role
from governance.scope import ActorKind, Scope
from governance.sentence import phrase

log = logging.getLogger(__name__)

REFUSAL = phrase("The e-mail address or the password is wrong.")
TRIES = 10
TRIES_WITHIN_S = 300


class LocalBackend:
    """Django's session machinery asks here for the person behind a session."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        """Nobody: signing in needs a tenant, and goes through `sign_in` below."""

    def get_user(self, user_id: str) -> models.Person | None:
        """With the rights that they have now: `scope`, of which nobody has to ask again in this request."""
        scope = people.scope_of(uuid.UUID(str(user_id)))
        if scope is None or scope.kind is not ActorKind.PERSON:
            return None  # a service account has no session, whoever wrote one
        with scope.transaction():
            person = models.Person.objects.filter(pk=scope.person, is_active=True).first()
        if person is not None:
            person.scope = scope  # type: ignore[attr-defined]
        return person


def sign_in(request: HttpRequest, slug: str, email: str, password: str, onward: str = "") -> Step:
    """Start a session, or say what is missing for it. Raises NotSignedIn, always with the same words, or Busy after too
    many tries.
    """
    request_id: str = request.request_id  # type: ignore[attr-defined]
    slug, email = slug.replace("\x00", ""), email.replace("\x00", "").strip()
    place = slug or email.rpartition("@")[2]
    found = tenants.find_for_login(place)
    scope = Scope.system(found.id, request_id) if found else None
    person = people.find_by_email(scope, email) if scope else None
    # At a tenant that is not there, too: a lockout must not tell which are.
    tried = _key(scope.tenant if scope else place, person.pk if person else email)
    if waits := from_here.held_s(request) or tries.wait_s(tried, TRIES, TRIES_WITHIN_S):
        _record_refusal(scope, person, email, "too many tries", request_id)
        raise tries.busy(waits)
    is_right = _may(person, password)
    reason = "wrong" if not is_right else _shut(request, scope, person)
    if scope is None or person is None or reason:
        from_here.count(request)
        _record_refusal(scope, person, email, reason if scope else "no tenant", request_id)
        raise NotSignedIn(REFUSAL)
    step = second.next_step(scope, person.pk)
    if step is Step.DONE:
        complete(request, scope, person.pk)
    else:
        second.keep(request, scope, person.pk, step, onward)
    return step


def complete(request: HttpRequest, scope: Scope, person: uuid.UUID, given: str = "") -> None:
    """The password was right, and `given` is the second factor that was. Raises NotSignedIn where the door has shut since."""
    was_linked = pending.link(request, scope, person)
    is_past = not was_linked and providers.are_required(scope)
    theirs = people.scope_in(scope.tenant, person, scope.request_id)
    if is_past and Role.TENANT_ADMIN not in theirs.roles:
        raise NotSignedIn(REFUSAL)
    facts = {"method": "password", "mfa": bool(given)} | ({"second": given} if given else {})
    begin(request, theirs, facts, is_past=is_past)
    tries.forget(_key(scope.tenant, person))


def begin(
    request: HttpRequest,
    scope: Scope,
    facts: dict[str, Any],
    *,
    is_past: bool = False,
    proven_at: float | None = None,
) -> None:
    """The person's session, under a new key, and its record: both or neither.

    `is_past`: past the single sign-on that the tenant demands, which stands on the record by itself. `proven_at`: when they
    showed who they are, where that was elsewhere and earlier (in seconds since 1970).
    """
    if scope.kind is not ActorKind.PERSON:
        raise NotSignedIn(REFUSAL)  # a service account comes in by its keys alone
    try:
        with scope.transaction():
            person = models.Person.objects.get(pk=scope.person)
            if auth.SESSION_KEY in request.session:
                request.session.cycle_key()  # whoever signs in anew would keep the key that they had
            auth.login(request, person, backend="assistant.sign_in.LocalBackend")
            told = scope.through("portal", request.session.session_key or "")
            sessions.begin(told, facts["method"], presence.agent(request), addresses.of(request))
            events.record(told, Event.SIGNED_IN, facts=facts)
            if is_past:
                events.record(told, Event.BREAK_GLASS, facts={"mfa": facts["mfa"]})
                log.warning("tenant %s: an admin signed in by password, past single sign-on", scope.tenant)
        presence.seen(told.session)
        how = {name: facts[name] for name in ("acr", "amr") if name in facts}
        strength.note(request.session, facts["method"], mfa=facts.get("mfa"), at=proven_at, **how)
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
    tries.forget(_key(tenant, person))
    tries.forget(second.key(person))


def held_s(tenant: uuid.UUID, person: uuid.UUID) -> int:
    """How long somebody still has to wait after too many tries."""
    return max(tries.held_s(_key(tenant, person)), tries.held_s(second.key(person)))


def unlock(scope: Scope, person: uuid.UUID) -> None:
    """By an admin. Raises Forbidden, NotFound."""
    access.require(scope, Action.PEOPLE_MANAGE)
    people.get(scope, person)
    events.record(scope, Event.UNLOCKED, resource=("person", person), subject=person)
    forget_tries(scope.tenant, person)


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
    if pending.is_kept_for(request, person.pk) or not providers.are_required(scope):
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
