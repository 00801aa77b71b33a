"""An ID token, checked as OpenID Connect Core 3.1.3.7 says, and a little more strictly. Only computes.

allauth reads a token without checking its signature when it came straight from the provider, as the standard allows, and
takes the algorithm from the token itself. Here the signature is always checked, by an algorithm of a list of ours.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable, Sequence
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
ID_TOKEN = ("iss", "sub", "aud", "exp", "iat")
RSA_BITS = 2048  # RFC 7518, 3.3

Keys = Callable[[bool], list[dict[str, Any]]]  # the provider's keys; True asks its server once more


@dataclass(frozen=True)
class Expected:
    issuer: str
    client_id: str
    algorithms: frozenset[str]  # that the provider says it signs with


def verify(token: str, expected: Expected, nonce: str, keys: Keys) -> dict[str, Any]:
    """An ID token's claims. Raises Refused."""
    claims = shown(token, expected, keys)
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise Refused(Reason.NONCE)
    return claims


def shown(token: str, expected: Expected, keys: Keys) -> dict[str, Any]:
    """The same of one that was not made for a sign-in of ours: which nonce it was asked for with, nobody here knows."""
    kind, claims = opened(token, expected, keys, ID_TOKEN)
    if kind.endswith("+jwt"):  # such as a logout token, or an access token: each says what it is
        raise Refused(Reason.KIND, kind)
    _check_party(claims, expected.client_id)
    return claims


def opened(token: str, expected: Expected, keys: Keys, required: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """What the header calls it, in small letters, and the claims: signed by the provider, for us, and now. Raises Refused."""
    if not isinstance(token, str) or not 0 < len(token) <= 100_000:
        raise Refused(Reason.MALFORMED, "no token was sent")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError as fault:
        raise Refused(Reason.MALFORMED, str(fault)) from fault
    algorithm = str(header.get("alg"))
    if algorithm not in ALGORITHMS or algorithm not in expected.algorithms or "crit" in header:
        raise Refused(Reason.ALGORITHM, algorithm[:100])
    key = _key(header, algorithm, keys)
    return str(header.get("typ", "")).lower(), _decode(token, key, algorithm, expected, required)


def _decode(token: str, key: Any, algorithm: str, expected: Expected, required: Sequence[str]) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            issuer=expected.issuer,
            audience=expected.client_id,
            leeway=LEEWAY_S,
            options={"require": list(required)},
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
        key = jwt.PyJWK(found, algorithm=algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as fault:
        raise Refused(Reason.KEY, str(fault)) from fault
    if ALGORITHMS[algorithm] == "RSA" and key.key_size < RSA_BITS:
        raise Refused(Reason.KEY, f"the key has {key.key_size} bits, and needs {RSA_BITS}")
    return key


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
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise Refused(Reason.KEY, "the provider's key set cannot be read") from fault
