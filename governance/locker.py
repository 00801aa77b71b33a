"""Secrets that have to be read again, such as what is sent to another server: encrypted under a key outside Postgres."""

from __future__ import annotations

import secrets
import uuid

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.audit import keyring


def lock(tenant: uuid.UUID, owner: uuid.UUID, what: str, secret: str) -> bytes:
    """`owner` is whose row keeps the bytes, `what` what they are: they open as nothing else. An empty secret is empty."""
    if not secret:
        return b""
    key = keyring.ring().key(tenant, owner, create=True)
    nonce = secrets.token_bytes(keyring.NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret.encode(), _bound(tenant, owner, what))


def unlock(tenant: uuid.UUID, owner: uuid.UUID, what: str, locked: bytes) -> str:
    """Raises keyring.KeyGone, as after a restore without the keyring."""
    if not locked:
        return ""
    nonce, body = locked[: keyring.NONCE_BYTES], locked[keyring.NONCE_BYTES :]
    key = keyring.ring().key(tenant, owner)
    try:
        return AESGCM(key).decrypt(nonce, body, _bound(tenant, owner, what)).decode()
    except InvalidTag:
        raise keyring.KeyGone("the secret was encrypted under a key that is gone") from None


def _bound(tenant: uuid.UUID, owner: uuid.UUID, what: str) -> bytes:
    return what.encode() + tenant.bytes + owner.bytes
