"""An ID token, checked as OpenID Connect Core 3.1.3.7 says, and a little more strictly. Only computes.

allauth reads a token without checking its signature when it came straight from the provider, as the standard allows, and
takes the algorithm from the token itself. Here the signature is always checked, by an algorithm of a list of ours.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import jwt

from governance.identity.refusals import Reason, Refused

# Asymmetric ones alone: under "none" anybody signs, and under HS256 whoever knows the secret, or the public key.
ALGORITHMS = {
    "RS256": "RSA", "RS384": "RSA", "RS512": "RSA",
    "PS256": "RSA", "PS384": "RSA", "PS512": "RSA",
    "ES256": "EC", "ES384": "EC", "ES512": "EC",
}  # fmt: skip
LEEWAY_S = 60
REQUIRED = ["iss", "sub", "aud", "exp", "iat"]

Keys = Callable[[bool], list[dict[str, Any]]]  # the provider's keys; True asks its server once more


@dataclass(frozen=True)
class Expected:
    issuer: str
    client_id: str
    nonce: str
    algorithms: frozenset[str]  # that the provider says it signs with


def verify(token: str, expected: Expected, keys: Keys) -> dict[str, Any]:
    """The token's claims. Raises Refused."""
    if not isinstance(token, str) or len(token) > 100_000:
        raise Refused(Reason.MALFORMED, "no ID token was sent")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError as fault:
        raise Refused(Reason.MALFORMED, str(fault)) from fault
    algorithm = str(header.get("alg"))
    if algorithm not in ALGORITHMS or algorithm not in expected.algorithms or "crit" in header:
        raise Refused(Reason.ALGORITHM, algorithm)
    key = _key(header, algorithm, keys)
    claims = _decode(token, key, algorithm, expected)
    _check_party(claims, expected.client_id)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise Refused(Reason.NONCE)
    return claims


def _decode(token: str, key: Any, algorithm: str, expected: Expected) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=expected.issuer,
            audience=expected.client_id,
            leeway=LEEWAY_S,
            options={"require": REQUIRED},
        )
    except jwt.InvalidTokenError as fault:
        raise Refused(_reason(fault), _detail(fault, token)) from fault
    return claims


def _detail(fault: jwt.InvalidTokenError, token: str) -> str:
    """What the token says instead, for the admin who looks for the difference."""
    claim = {jwt.InvalidIssuerError: "iss", jwt.InvalidAudienceError: "aud"}.get(type(fault))
    if claim is None:
        return str(fault)
    said = jwt.decode(token, options={"verify_signature": False}).get(claim)
    return f"{claim} is {str(said)[:200]}"


def _reason(fault: jwt.InvalidTokenError) -> Reason:
    kinds: Iterable[tuple[type[Exception], Reason]] = (
        (jwt.InvalidSignatureError, Reason.SIGNATURE),
        (jwt.InvalidIssuerError, Reason.ISSUER),
        (jwt.InvalidAudienceError, Reason.AUDIENCE),
        (jwt.ExpiredSignatureError, Reason.EXPIRED),
        (jwt.ImmatureSignatureError, Reason.EXPIRED),
        (jwt.InvalidIssuedAtError, Reason.EXPIRED),
    )
    return next((reason for kind, reason in kinds if isinstance(fault, kind)), Reason.MALFORMED)


def _check_party(claims: dict[str, Any], client_id: str) -> None:
    """A token for several audiences has to name us as the one that it was issued to."""
    audience, party = claims["aud"], claims.get("azp")
    if party is None and isinstance(audience, list) and len(audience) > 1:
        raise Refused(Reason.AUDIENCE, "several audiences and no azp")
    if party is not None and party != client_id:
        raise Refused(Reason.AUDIENCE, f"azp is {party}")


def _key(header: dict[str, Any], algorithm: str, keys: Keys) -> Any:
    found = _matching(keys(False), header.get("kid"), algorithm) or _matching(keys(True), header.get("kid"), algorithm)
    if found is None:
        raise Refused(Reason.KEY, f"no {ALGORITHMS[algorithm]} key called {header.get('kid')}")
    try:
        return jwt.PyJWK(found, algorithm=algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as fault:
        raise Refused(Reason.KEY, str(fault)) from fault


def _matching(keys: list[dict[str, Any]], name: Any, algorithm: str) -> dict[str, Any] | None:
    """By its name; a token without one can only mean the only key that fits."""
    fitting = [
        key
        for key in keys
        if key.get("kty") == ALGORITHMS[algorithm]
        and key.get("alg", algorithm) == algorithm
        and key.get("use", "sig") == "sig"
        and name in {None, key.get("kid")}
    ]
    return fitting[0] if len(fitting) == 1 else None


def parsed_keys(body: bytes) -> list[dict[str, Any]]:
    """Of a JWKS document. Raises Refused."""
    try:
        keys = json.loads(body)["keys"]
        return [key for key in keys if isinstance(key, dict)]
    except (ValueError, KeyError, TypeError) as fault:
        raise Refused(Reason.KEY, "the provider's key set cannot be read") from fault
