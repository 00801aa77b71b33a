"""What every sign-in through a provider has in common, whatever language the provider speaks.

The address names the tenant and the provider. Whatever fails is raised as `Refused`, after everything has been rolled back, and
put on the tenant's record by `recorded`.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from assistant import sign_in
from assistant.sign_in.tries import are_over
from assistant.sso import pending
from governance import people, tenants
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Busy, NotFound
from governance.identity import identities, providers, sessions
from governance.identity.identities import Presented
from governance.identity.models import Kind
from governance.identity.refusals import Reason, Refused
from governance.models import IdentityProvider
from governance.scope import Scope

STRAYS = 100  # answers that no session waits for, a tenant and five minutes: nobody's sign-in is among them
STRAYS_WITHIN_S = 300
LEFT_BY = "sso_provider"  # in the session: where one may sign out as well
ANEW_WITHIN_S = 300  # from giving the password there to the answer here, with what two clocks may be apart
METHODS = {Kind.OPENID: "oidc", Kind.SAML: "saml"}  # as the record calls them

Said = dict[str, Any]  # what was said, by where it stood
# Puts there what it learns, until it raises Refused. Returns how sure it was made who it is, too, as it goes on the record.
Verify = Callable[[Said], tuple[Presented, dict[str, Any]]]


@dataclass(frozen=True)
class Back:
    """What came back with the browser that had asked. `tester` is the admin who only wants to see what would come of it."""

    row: IdentityProvider
    onward: str
    tester: uuid.UUID | None
    verify: Verify


def find(
    request: HttpRequest, slug: str, provider: uuid.UUID, kind: Kind | None = None
) -> tuple[Scope, IdentityProvider]:
    """The tenant's own provider, switched on or not, of that kind if one is named. Raises Refused, which is recorded."""
    request_id: str = request.request_id  # type: ignore[attr-defined]
    tenant = tenants.find_for_login(slug)
    if tenant is None:
        facts = {"method": METHODS[kind or Kind.OPENID], "reason": Reason.NO_PROVIDER}
        brake("")
        events.record_installation(Event.SIGN_IN_REFUSED, facts=facts, payload={"slug": slug}, request_id=request_id)
        raise Refused(Reason.NO_PROVIDER)
    scope = Scope.system(tenant.id, request_id)
    with recorded(scope, provider, kind or Kind.OPENID):
        try:
            row = providers.get(scope, provider)
        except NotFound:
            row = None
        if row is None or kind not in {None, row.kind}:
            brake(slug)
            raise Refused(Reason.NO_PROVIDER)
        return scope, row


def begin(
    request: HttpRequest, scope: Scope, row: IdentityProvider, presented: Presented, facts: dict[str, Any]
) -> None:
    """The session of whoever `presented` is, which ends with the provider's. Raises Refused, within `recorded`."""
    try:
        person, how = identities.admit(scope, row, presented)
    except identities.LocalPerson as refusal:
        pending.keep(request, row.pk, presented, refusal.person)
        raise
    theirs = people.scope_in(scope.tenant, person, scope.request_id)
    try:
        with theirs.transaction():
            told = {"method": METHODS[Kind(row.kind)], "provider": row.pk, "how": how} | facts
            sign_in.begin(request, theirs, told, proven_at=presented.proven_at)
            begun = theirs.through("portal", request.session.session_key or "")
            sessions.remember(begun, row.pk, presented.subject, presented.session)
    except BaseException:
        request.session.clear()  # one that its provider could not end must not go on
        raise
    request.session[LEFT_BY] = str(row.pk)
    if presented.ends_at is not None:
        left_s = int(presented.ends_at - time.time())
        request.session.set_expiry(max(1, min(left_s, request.session.get_expiry_age())))


@contextmanager
def recorded(scope: Scope, provider: uuid.UUID, kind: Kind | str) -> Iterator[None]:
    """A refusal within goes on the tenant's record, in a transaction of its own, and on to the caller."""
    try:
        yield
    except Refused as refusal:
        facts = {"method": METHODS[Kind(kind)], "provider": provider, "reason": refusal.reason}
        payload = {"detail": refusal.detail} if refusal.detail else None
        events.record(scope, Event.SIGN_IN_REFUSED, facts=facts, payload=payload, subject=scope.tenant)
        raise


def brake(slug: str) -> None:
    """Raises Busy where somebody fills the record with answers to nothing. A sign-in that was started is never held up."""
    if are_over(f"sso-strays:{slug}", STRAYS, STRAYS_WITHIN_S):
        raise Busy("Too many sign-ins that were never started. Wait five minutes.", wait_s=STRAYS_WITHIN_S)


def require_open(scope: Scope, row: IdentityProvider) -> None:
    if not row.is_enabled or not sign_in.admits(scope):
        raise Refused(Reason.NO_PROVIDER, "it is switched off")


def require_anew(proven_at: float, told: str) -> None:
    """Whoever sits at the browser can have it asked for otherwise than we did: only the provider's word says it was done."""
    if proven_at < time.time() - ANEW_WITHIN_S:
        raise Refused(Reason.NOT_AGAIN, told)


def within_site(onward: str) -> str:
    """Within this site, or nowhere."""
    return onward if url_has_allowed_host_and_scheme(onward, None) else ""
