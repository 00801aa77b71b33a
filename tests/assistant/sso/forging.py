"""Tokens that no honest provider would sign, as `Hostile.forge` takes them."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.assistant.sso import journeys
from tests.assistant.sso.hostile import Claims, Forge, Hostile, Key


@functools.cache
def rogue(name: str = "", bits: int = 2048) -> Key:
    """A key that the provider does not publish: one for all tests, since making it takes a while."""
    return Key(name or "rogue", bits)


def unsigned(_: Hostile, claims: Claims) -> str:
    return jwt.encode(claims, "", "none")


def stripped(idp: Hostile, claims: Claims) -> str:
    """The provider's own token, without its signature."""
    return idp.keys[0].sign(claims).rpartition(".")[0] + "."


def mixed_case(_: Hostile, claims: Claims) -> str:
    return f"{_part({'alg': 'nOnE'})}.{_part(claims)}."


def keyed_with(secret: Callable[[Hostile], bytes]) -> Forge:
    """By hand, since a library refuses to sign with a public key's text."""

    def forge(idp: Hostile, claims: Claims) -> str:
        signed = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': idp.keys[0].name})}.{_part(claims)}"
        return f"{signed}.{_packed(hmac.new(secret(idp), signed.encode(), hashlib.sha256).digest())}"

    return forge


def client_secret(_: Hostile) -> bytes:
    return journeys.SECRET.encode()


def public_pem(idp: Hostile) -> bytes:
    return idp.keys[0].private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public_jwk(idp: Hostile) -> bytes:
    return json.dumps(idp.keys[0].public()).encode()


def altered(idp: Hostile, claims: Claims) -> str:
    head, _, signature = idp.keys[0].sign(claims).split(".")
    return f"{head}.{_part(claims | {'sub': 'the-director'})}.{signature}"


def by(key: Callable[[], Key], **header: Any) -> Forge:
    """Signed by another key than the provider's."""
    return lambda _, claims: key().sign(claims, **header)


def headed(**header: Any) -> Forge:
    """Signed by the provider's own key, under another header."""
    return lambda idp, claims: idp.keys[0].sign(claims, **header)


def bringing_its_key(_: Hostile, claims: Claims) -> str:
    return rogue().sign(claims, kid="unknown", jwk=rogue().public())


def _part(value: Any) -> str:
    return _packed(json.dumps(value).encode())


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
