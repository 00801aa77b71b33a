"""One sign-in through a tenant's OpenID provider: there and back.

The address names the tenant and the provider; the state, which is this session's and works once, names the provider as well.
"""

from __future__ import annotations

import functools
import hashlib
import secrets
import uuid
from typing import Any

from allauth.core.internal.httpkit import add_query_params
from allauth.socialaccount.internal import statekit
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse

from assistant.sso import claims, entry, openid
from assistant.sso.entry import Back, Said
from governance.identity.identities import Presented
from governance.identity.models import Kind
from governance.identity.refusals import Reason, Refused
from governance.models import IdentityProvider
from governance.scope import Scope

# For whoever has to show once more who they are: the provider is not to answer from a session of before.
ANEW = {"prompt": "login", "max_age": "0"}


def outward(
    request: HttpRequest, slug: str, row: IdentityProvider, onward: str, tester: str = "", *, anew: bool = False
) -> str:
    """allauth makes the code verifier, and keeps it with the nonce in the session, under the state. Raises Refused."""
    provider = openid.TenantProvider(request, row, slug)
    nonce = secrets.token_urlsafe(32)
    asked = {"nonce": nonce} | (ANEW if anew else {})
    response = provider.redirect(
        request,
        process="login",
        next_url=entry.within_site(onward),
        data={"nonce": nonce, "tester": tester, "anew": anew},
        auth_params=asked | ({"acr_values": " ".join(row.demanded_acr)} if row.demanded_acr else {}),
    )
    return str(response.url)


def take_back(request: HttpRequest, slug: str, _: Scope, row: IdentityProvider) -> Back:
    """The state that this session was given for this provider, taken out of it. Raises Refused."""
    provider = openid.TenantProvider(request, row, slug)
    sent = request.GET.get("state", "")
    state = statekit.unstash_state(request, provider_id=provider.sub_id, state_id=sent) if sent else None
    # Two requests at once could both find it in the session: only the first of them gets past the cache.
    used = f"sso-state:{hashlib.sha256(sent.encode()).hexdigest()}"
    if state is None or not cache.add(used, 1, statekit.STATE_TTL):
        entry.brake(slug)
        raise Refused(Reason.STATE)
    tester = state["data"]["tester"]
    return Back(
        row,
        state.get("next") or "",
        uuid.UUID(tester) if tester else None,
        functools.partial(_verify, request, provider, state),
    )


def _verify(
    request: HttpRequest, provider: openid.TenantProvider, state: dict[str, Any], said: Said
) -> tuple[Presented, dict[str, Any]]:
    row, adapter = provider.row, provider.get_oauth2_adapter(request)
    _check_answer(request, row, adapter.openid_config)
    answer = adapter.exchange(_verifier(state))
    id_token = adapter.verified(answer, state["data"]["nonce"])
    if state["data"]["anew"]:
        _check_anew(id_token, adapter.openid_config)
    userinfo = adapter.userinfo(answer)
    presented = claims.presented(id_token, userinfo, row.group_claim)
    said |= {"id_token": id_token, "userinfo": userinfo}
    return presented, claims.assurance(id_token)


def farewell(request: HttpRequest, slug: str, provider: uuid.UUID) -> tuple[IdentityProvider, str]:
    """Where to sign out at the provider as well; empty where it has no such place. Raises Refused, which is recorded."""
    _, row = entry.find(request, slug, provider)
    if row.kind != Kind.OPENID:
        return row, ""
    try:
        ends_at = openid.description(row).get("end_session_endpoint", "")
    except Refused:
        return row, ""
    back = request.build_absolute_uri(reverse("sign-in-tenant", args=[slug]))
    return row, add_query_params(
        ends_at, {"client_id": row.client_id, "post_logout_redirect_uri": back}
    ) if ends_at else ""


def _verifier(state: dict[str, Any]) -> str:
    """allauth's name for it."""
    return str(state["pkce_code_verifier"])


def _check_anew(id_token: dict[str, Any], config: dict[str, Any]) -> None:
    """A provider that never says when somebody signed in cannot be asked for it. Raises Refused."""
    at, told = claims.proven_at(id_token), config.get("claims_supported")
    if at is not None:
        entry.require_anew(at, f"auth_time is {at:.0f}")
    elif isinstance(told, list) and "auth_time" in told:
        raise Refused(Reason.NOT_AGAIN, "auth_time is not sent")


def _check_answer(request: HttpRequest, row: IdentityProvider, config: dict[str, Any]) -> None:
    """RFC 9207: the answer says whose it is, where the provider can say it at all."""
    said = request.GET.get("iss")
    if said is None and config.get("authorization_response_iss_parameter_supported") is True:
        raise Refused(Reason.MIXED_UP, "iss is missing")
    if said is not None and said != row.issuer:
        raise Refused(Reason.MIXED_UP, said[:200])
    if "error" in request.GET:
        error, why = request.GET["error"][:100], request.GET.get("error_description", "")[:300]
        raise Refused(Reason.CANCELLED if error == "access_denied" else Reason.PROVIDER_ERROR, f"{error} {why}".strip())
    if not request.GET.get("code"):
        raise Refused(Reason.PROVIDER_ERROR, "no code was sent")
