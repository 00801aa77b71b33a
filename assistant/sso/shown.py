"""An ID token that somebody else's client was given, shown to us: for whom a service account that holds it may act.

Only a provider of the tenant's own that is switched on, and only for a client that an admin has named.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import jwt

from assistant.sso import openid
from governance.identity import providers
from governance.identity.refusals import Reason, Refused
from governance.models import IdentityProvider
from governance.scope import Scope
from governance.service_accounts import acting


def person(scope: Scope, token: str, audiences: Iterable[str]) -> uuid.UUID | None:
    """Whoever the token is about, where their account at the provider is known here. Raises Refused."""
    claimed = _unchecked(token)
    row = _provider(scope, str(claimed.get("iss")))
    said = claimed.get("aud")
    named = set(said if isinstance(said, list) else [said])
    client = next((one for one in audiences if one in named), None)
    if client is None:
        raise Refused(Reason.AUDIENCE, "of no client that the service account may show tokens of")
    claims = openid.checked(row, token, client)
    return acting.of_subject(scope, claims["iss"], str(claims["sub"]))


def _unchecked(token: str) -> dict[str, object]:
    """What it says of itself, to know whom to ask; nothing of it is believed before its signature was checked."""
    if len(token) > 100_000:
        raise Refused(Reason.MALFORMED, "longer than any ID token")
    try:
        found: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError as fault:
        raise Refused(Reason.MALFORMED, str(fault)) from fault
    return found


def _provider(scope: Scope, issuer: str) -> IdentityProvider:
    for row in providers.ways(scope):
        if row.issuer == issuer:
            return row
    raise Refused(Reason.ISSUER, "of no provider that is switched on here")
