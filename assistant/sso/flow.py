"""One sign-in through a tenant's provider: there and back.

The address names the tenant and the provider; the state, which is this session's and works once, names the provider as well.
Whatever fails is raised as `Refused`, after everything has been rolled back, and put on the tenant's record by `recorded`.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from allauth.core.internal.httpkit import add_query_params
from allauth.socialaccount.internal import statekit
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from assistant import sign_in
from assistant.sso import claims, openid, pending
from assistant.tries import are_over
from governance import people, tenants
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Busy, NotFound
from governance.identity import identities, providers
from governance.identity.identities import Presented
from governance.identity.refusals import Reason, Refused
from governance.models import IdentityProvider
from governance.scope import Scope

STRAYS = 100  # answers that no session waits for, a tenant and five minutes: nobody's sign-in is among them
STRAYS_WITHIN_S = 300
LEFT_BY = "sso_provider"  # in the session: where one may sign out as well


@dataclass(frozen=True)
class Back:
    """What came back with the browser. `tester` is the admin who only wants to see what would come of it."""

    provider: openid.TenantProvider
    state: dict[str, Any]
    onward: str
    tester: uuid.UUID | None


def find(request: HttpRequest, slug: str, provider: uuid.UUID) -> tuple[Scope, IdentityProvider]:
    """The tenant's own provider, switched on or not. Raises Refused, which is recorded."""
    request_id: str = request.request_id  # type: ignore[attr-defined]
    tenant = tenants.find_for_login(slug)
    if tenant is None:
        facts = {"method": "oidc", "reason": Reason.NO_PROVIDER}
        _brake("")
        events.record_installation(Event.SIGN_IN_REFUSED, facts=facts, payload={"slug": slug}, request_id=request_id)
        raise Refused(Reason.NO_PROVIDER)
    scope = Scope.system(tenant.id, request_id)
    with recorded(scope, provider):
        try:
            return scope, providers.get(scope, provider)
        except NotFound:
            _brake(slug)
            raise Refused(Reason.NO_PROVIDER) from None


def start(request: HttpRequest, slug: str, provider: uuid.UUID, onward: str) -> str:
    """The address at the provider to send the browser to. Raises Refused, which is recorded."""
    scope, row = find(request, slug, provider)
    with recorded(scope, provider):
        _require_open(scope, row)
        return outward(request, slug, row, onward)


def outward(request: HttpRequest, slug: str, row: IdentityProvider, onward: str, tester: str = "") -> str:
    """allauth makes the code verifier, and keeps it with the nonce in the session, under the state. Raises Refused."""
    provider = openid.TenantProvider(request, row, slug)
    nonce = secrets.token_urlsafe(32)
    response = provider.redirect(
        request,
        process="login",
        next_url=_safe(onward),
        data={"nonce": nonce, "tester": tester},
        auth_params={"nonce": nonce},
    )
    return str(response.url)


def take_back(request: HttpRequest, slug: str, scope: Scope, row: IdentityProvider) -> Back:
    """The state that this session was given for this provider, taken out of it. Raises Refused, which is recorded."""
    with recorded(scope, row.pk):
        provider = openid.TenantProvider(request, row, slug)
        sent = request.GET.get("state", "")
        state = statekit.unstash_state(request, provider_id=provider.sub_id, state_id=sent) if sent else None
        # Two requests at once could both find it in the session: only the first of them gets past the cache.
        used = f"sso-state:{hashlib.sha256(sent.encode()).hexdigest()}"
        if state is None or not cache.add(used, 1, statekit.STATE_TTL):
            _brake(slug)
            raise Refused(Reason.STATE)
        tester = state["data"]["tester"]
        if not tester:
            _require_open(scope, row)
        return Back(provider, state, _safe(state.get("next") or ""), uuid.UUID(tester) if tester else None)


def verify(request: HttpRequest, back: Back) -> tuple[Presented, dict[str, Any]]:
    """Who signed in, and all the claims that say so. Raises Refused."""
    row, adapter = back.provider.row, back.provider.get_oauth2_adapter(request)
    _check_answer(request, row, adapter.openid_config)
    answer = adapter.exchange(_verifier(back.state))
    id_token = adapter.verified(answer, back.state["data"]["nonce"])
    userinfo = adapter.userinfo(answer)
    return claims.presented(id_token, userinfo, row.group_claim), {"id_token": id_token, "userinfo": userinfo}


def finish(request: HttpRequest, scope: Scope, back: Back) -> None:
    """Start the session of whoever signed in. Raises Refused, which is recorded."""
    row = back.provider.row
    with recorded(scope, row.pk):
        presented, told = verify(request, back)
        try:
            person, how = identities.admit(scope, row, presented)
        except identities.LocalPerson as refusal:
            pending.keep(request, row.pk, presented, refusal.person)
            raise
    facts = {"method": "oidc", "provider": row.pk, "how": how} | claims.assurance(told["id_token"])
    sign_in.begin(request, people.scope_in(scope.tenant, person, scope.request_id), facts)
    request.session[LEFT_BY] = str(row.pk)


def farewell(request: HttpRequest, slug: str, provider: uuid.UUID) -> tuple[IdentityProvider, str]:
    """Where to sign out at the provider as well; empty where it has no such place. Raises Refused, which is recorded."""
    _, row = find(request, slug, provider)
    try:
        ends_at = openid.description(row).get("end_session_endpoint", "")
    except Refused:
        return row, ""
    back = request.build_absolute_uri(reverse("sign-in-tenant", args=[slug]))
    return row, add_query_params(
        ends_at, {"client_id": row.client_id, "post_logout_redirect_uri": back}
    ) if ends_at else ""


@contextmanager
def recorded(scope: Scope, provider: uuid.UUID) -> Iterator[None]:
    """A refusal within goes on the tenant's record, in a transaction of its own, and on to the caller."""
    try:
        yield
    except Refused as refusal:
        facts = {"method": "oidc", "provider": provider, "reason": refusal.reason}
        payload = {"detail": refusal.detail} if refusal.detail else None
        events.record(scope, Event.SIGN_IN_REFUSED, facts=facts, payload=payload, subject=scope.tenant)
        raise


def _verifier(state: dict[str, Any]) -> str:
    """allauth's name for it."""
    return str(state["pkce_code_verifier"])


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


def _brake(slug: str) -> None:
    """Raises Busy where somebody fills the record with answers to nothing. A sign-in that was started is never held up."""
    if are_over(f"sso-strays:{slug}", STRAYS, STRAYS_WITHIN_S):
        raise Busy("Too many sign-ins that were never started. Wait five minutes.", wait_s=STRAYS_WITHIN_S)


def _require_open(scope: Scope, row: IdentityProvider) -> None:
    if not row.is_enabled or not sign_in.admits(scope):
        raise Refused(Reason.NO_PROVIDER, "it is switched off")


def _safe(onward: str) -> str:
    """Within this site, or nowhere."""
    return onward if url_has_allowed_host_and_scheme(onward, None) else ""
