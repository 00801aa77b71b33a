"""A payload as it is stored: encrypted under its subject's key, with what the leaf says of it.

The leaf holds the ciphertext's hash and a salted commitment to the plaintext. The salt is inside the ciphertext, so
that once the key is destroyed the commitment can no longer be tried against a guess.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.audit import canonical, keyring

SALT_BYTES = 32


@dataclass(frozen=True)
class Sealed:
    ciphertext: bytes  # nonce, then AES-256-GCM of salt and canonical JSON
    said: dict[str, str]  # the leaf's "payload": subject, sha256 of the ciphertext, commitment


def seal(tenant: uuid.UUID, subject: uuid.UUID, event: uuid.UUID, payload: dict[str, Any]) -> Sealed:
    key = keyring.ring().key(tenant, subject, create=True)
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(keyring.NONCE_BYTES)
    plain = salt + canonical.dumps(payload)
    ciphertext = nonce + AESGCM(key).encrypt(nonce, plain, tenant.bytes + event.bytes)
    said = {
        "subject": str(subject),
        "sha256": hashlib.sha256(ciphertext).hexdigest(),
        "commitment": hashlib.sha256(plain).hexdigest(),
    }
    return Sealed(ciphertext, said)


def unseal(tenant: uuid.UUID, subject: uuid.UUID, event: uuid.UUID, ciphertext: bytes) -> dict[str, Any]:
    """Raises keyring.KeyGone where the subject was erased."""
    payload: dict[str, Any] = json.loads(reveal(tenant, subject, event, ciphertext)[SALT_BYTES:])
    return payload


def reveal(tenant: uuid.UUID, subject: uuid.UUID, event: uuid.UUID, ciphertext: bytes) -> bytes:
    """Salt and canonical JSON: the bytes whose hash is the commitment. Raises keyring.KeyGone."""
    key = keyring.ring().key(tenant, subject)
    nonce, body = ciphertext[: keyring.NONCE_BYTES], ciphertext[keyring.NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, tenant.bytes + event.bytes)
    except InvalidTag:
        raise keyring.KeyGone("the payload was encrypted under a key that is gone") from None
