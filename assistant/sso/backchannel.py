"""A provider says that somebody has signed out there: OpenID Connect Back-Channel Logout 1.0.

Its server posts a logout token to an address that names the tenant and the provider. It ends the sessions that the token
names, and no others. Whatever is amiss is raised as `Refused`, and on the tenant's record. Who asked is told no more than that
it was refused: not which tenants, providers, people or sessions there are.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest

from assistant.sign_in.tries import are_over
from assistant.sso import claims, openid, tokens
from governance import tenants
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Busy, NotFound
from governance.identity import providers, sessions
from governance.identity.models import Kind
from governance.identity.refusals import Reason, Refused
from governance.identity.sessions import Logout
from governance.models import IdentityProvider
from governance.scope import Scope

EVENT = "http://schemas.openid.net/event/backchannel-logout"
KINDS = {"", "jwt", "logout+jwt", "application/logout+jwt"}  # some providers still send it without a type of its own
REQUIRED = ("iss", "aud", "iat", "exp", "jti", "events")
REFUSALS = 60  # an address and five minutes, on the record; more are refused without a word there
REFUSALS_WITHIN_S = 300
FRESH_KEYS = 10  # a provider and a minute: whoever makes a name of a key up must not have us ask its server each time


def log_out(request: HttpRequest, slug: str, provider: uuid.UUID, token: str) -> int:
    """How many sessions ended. Raises Refused, or Busy for an address of which too many were; a right one always gets in."""
    request_id: str = request.request_id  # type: ignore[attr-defined]
    tenant = tenants.find_for_login(slug)
    scope = Scope.system(tenant.id, request_id) if tenant else None
    try:
        if scope is None:
            raise Refused(Reason.NO_PROVIDER)
        row = _found(scope, provider)
        return sessions.end(scope, row.pk, read(row, token))
    except Refused as refusal:
        if are_over(f"sso-logouts:{request.META.get('REMOTE_ADDR', '')}", REFUSALS, REFUSALS_WITHIN_S):
            raise Busy("Too many of these were refused.", wait_s=REFUSALS_WITHIN_S) from None
        _record(scope, request_id, slug, provider, refusal)
        raise


def read(row: IdentityProvider, token: str) -> Logout:
    """Section 2.6. Raises Refused."""
    config = openid.description(row)

    def keys(again: bool) -> list[dict[str, Any]]:
        may_ask = again and not are_over(f"sso-fresh-keys:{row.pk}", FRESH_KEYS, 60)
        return openid.keys(row, config, may_ask)

    kind, said = tokens.opened(token, openid.expected(row, config), keys, REQUIRED)
    told = said["events"]
    if kind not in KINDS or "nonce" in said or not isinstance(told, dict) or not isinstance(told.get(EVENT), dict):
        raise Refused(Reason.KIND, f"a logout token was expected, typ is {kind or 'not sent'}")
    subject, sid, jti = (_name(said, name) for name in ("sub", "sid", "jti"))
    if not jti:
        raise Refused(Reason.MALFORMED, "jti is empty")
    if not subject and not sid:
        raise Refused(Reason.NAMELESS)
    return Logout(subject, sid, jti, _until(said["exp"]))


def _name(said: dict[str, Any], name: str) -> str:
    """A text, or empty where it is not said. What is said and is no text must not widen what is ended."""
    value = said.get(name, "")
    if not isinstance(value, str) or len(value) > claims.NAMES_MAX or not value.isprintable():
        raise Refused(Reason.MALFORMED, f"{name} is not a text of at most {claims.NAMES_MAX} characters")
    return value


def _until(expires: Any) -> datetime:
    """When the token is worth nothing by itself."""
    try:
        return datetime.fromtimestamp(float(expires) + tokens.LEEWAY_S, UTC)
    except (ValueError, OverflowError, OSError) as fault:
        raise Refused(Reason.MALFORMED, "exp is beyond the calendar") from fault


def _found(scope: Scope, provider: uuid.UUID) -> IdentityProvider:
    """Of the tenant, switched on or not: what began while it was on may be ended."""
    try:
        row = providers.get(scope, provider)
    except NotFound:
        raise Refused(Reason.NO_PROVIDER) from None
    if row.kind != Kind.OPENID:
        raise Refused(Reason.NO_PROVIDER, "it speaks another language")
    return row


def _record(scope: Scope | None, request_id: str, slug: str, provider: uuid.UUID, refusal: Refused) -> None:
    facts, event = {"provider": provider, "reason": refusal.reason}, Event.LOGOUT_REFUSED
    if scope is None:
        events.record_installation(event, facts=facts, payload={"slug": slug}, request_id=request_id)
        return
    payload = {"detail": refusal.detail} if refusal.detail else None
    events.record(scope, event, facts=facts, payload=payload, subject=scope.tenant)
