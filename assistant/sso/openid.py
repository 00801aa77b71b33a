"""django-allauth's OpenID Connect, for one provider of one tenant.

allauth builds the request with PKCE, keeps the state in the session, exchanges the code and asks for the userinfo. What it
looks up in tables of its own is handed to it here, and what it fetches goes through `fetching`.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from typing import Any

import requests
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse

from assistant.sso import fetching, tokens
from governance.identity import providers
from governance.identity.refusals import Reason, Refused
from governance.models import IdentityProvider

KEPT_S = 300  # how long a provider's description of itself, and its keys, are believed
SILENT_S = 5  # how long one that did not answer is left alone: who waits for it holds a thread
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OPTIONAL_ENDPOINTS = ("userinfo_endpoint", "end_session_endpoint")


class TenantProvider(OpenIDConnectProvider):  # type: ignore[misc]  # allauth publishes no types
    def __init__(self, request: HttpRequest, row: IdentityProvider, slug: str) -> None:
        self.row, self.slug = row, slug
        app = SocialApp(  # never saved: allauth's table would be every tenant's
            provider=self.id,
            provider_id=str(row.pk),
            name=row.name,
            client_id=row.client_id,
            secret=providers.client_secret(row),
            settings={"server_url": row.issuer, "oauth_pkce_enabled": True, "scope": ["openid", "profile", "email"]},
        )
        super().__init__(request, app=app)

    def get_oauth2_adapter(self, request: HttpRequest) -> TenantOAuth2Adapter:
        return TenantOAuth2Adapter(request, self)

    def get_callback_url(self) -> str:
        return reverse("sso-callback", args=[self.slug, self.row.pk])


class TenantOAuth2Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    def __init__(self, request: HttpRequest, provider: TenantProvider) -> None:
        self.provider = provider
        super().__init__(request, provider.sub_id)

    def get_provider(self) -> TenantProvider:
        return self.provider

    @functools.cached_property
    def openid_config(self) -> dict[str, Any]:
        return description(self.provider.row)

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return callback_address(request, self.provider.slug, self.provider.row)

    def exchange(self, verifier: str) -> dict[str, Any]:
        """The token endpoint's answer to this request's code. Raises Refused."""
        client = self.get_client(self.request, self.provider.app)
        try:
            answer = self.get_access_token_data(self.request, self.provider.app, client, pkce_code_verifier=verifier)
        except fetching.Unreachable as fault:
            raise Refused(Reason.UNREACHABLE, str(fault)) from fault
        except (OAuth2Error, requests.RequestException, KeyError, TypeError, RecursionError) as fault:
            raise Refused(Reason.CODE, str(fault)[:300]) from fault
        if not isinstance(answer, dict):
            raise Refused(Reason.CODE, "the answer is no JSON object")
        return answer

    def verified(self, answer: dict[str, Any], nonce: str) -> dict[str, Any]:
        """The ID token's claims. Raises Refused."""
        row, config = self.provider.row, self.openid_config
        return tokens.verify(
            answer.get("id_token", ""), expected(row, config), nonce, functools.partial(keys, row, config)
        )

    def userinfo(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Empty where the provider has no such endpoint. Raises Refused."""
        if "userinfo_endpoint" not in self.openid_config:
            return {}
        try:
            found = self._fetch_user_info(answer["access_token"])
        except RecursionError as fault:
            raise Refused(Reason.USERINFO, "the answer is nested too deeply") from fault
        except requests.RequestException as fault:
            raise Refused(Reason.UNREACHABLE, str(fault)) from fault
        return found if isinstance(found, dict) else {}


def callback_address(request: HttpRequest, slug: str, row: IdentityProvider) -> str:
    """What the provider has to be told to redirect to."""
    return request.build_absolute_uri(reverse("sso-callback", args=[slug, row.pk]))


def description(row: IdentityProvider) -> dict[str, Any]:
    """The provider's configuration document, checked. Raises Refused."""
    address = row.issuer.removesuffix("/") + providers.WELL_KNOWN
    found = _fetched(row, address)
    if found.get("issuer") != row.issuer:
        raise Refused(Reason.DISCOVERY, f"it calls itself {str(found.get('issuer'))[:200]}, not {row.issuer}")
    for name in (*ENDPOINTS, *OPTIONAL_ENDPOINTS):
        if name in found or name in ENDPOINTS:
            _check(name, found.get(name))
    return found


def expected(row: IdentityProvider, config: dict[str, Any]) -> tokens.Expected:
    """What has to stand in a token of the provider that describes itself so."""
    said = config.get("id_token_signing_alg_values_supported")
    algorithms = frozenset(map(str, said)) if isinstance(said, list) and said else frozenset({"RS256"})
    return tokens.Expected(row.issuer, row.client_id, algorithms)


def _check(name: str, address: Any) -> None:
    try:
        fetching.check(address if isinstance(address, str) else "")
    except fetching.Unreachable as fault:
        raise Refused(Reason.DISCOVERY, f"{name}: {fault}") from fault


def checked(row: IdentityProvider, token: str, client: str) -> dict[str, Any]:
    """The claims of an ID token that the provider made for another client. Raises Refused."""
    config = description(row)
    return tokens.shown(
        token, dataclasses.replace(expected(row, config), client_id=client), functools.partial(keys, row, config)
    )


def keys(row: IdentityProvider, config: dict[str, Any], again: bool) -> list[dict[str, Any]]:
    """What it signs with. Raises Refused."""
    return tokens.parsed_keys(_body(row, config["jwks_uri"], again=again))


def _fetched(row: IdentityProvider, address: str) -> dict[str, Any]:
    try:
        found = json.loads(_body(row, address))
    except (ValueError, RecursionError) as fault:
        raise Refused(Reason.DISCOVERY, f"{address} answers with no JSON") from fault
    if not isinstance(found, dict):
        raise Refused(Reason.DISCOVERY, f"{address} answers with no JSON object")
    return found


def _body(row: IdentityProvider, address: str, *, again: bool = False) -> bytes:
    """Of a public document, kept for a while for this provider alone. Raises Refused."""
    place = f"sso:{row.pk}:{address}"
    kept: bytes | str | None = None if again else cache.get(place)
    if isinstance(kept, str):
        raise Refused(Reason.UNREACHABLE, kept)
    if kept is not None:
        return kept
    try:
        with fetching.Session() as session:
            response = session.get(address)
        response.raise_for_status()
    except requests.RequestException as fault:
        cache.set(place, str(fault), SILENT_S)
        raise Refused(Reason.UNREACHABLE, str(fault)) from fault
    cache.set(place, response.content, KEPT_S)
    return response.content
