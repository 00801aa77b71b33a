"""What opens something for whoever shows it: told once, and kept as a hash. It has 256 random bits, nothing to guess."""

from __future__ import annotations

import hashlib
import secrets

SHOWN = 10  # of its characters, by which people tell one from another


def made(prefix: str = "") -> str:
    """`prefix` says what it is of, to people and to whoever looks for secrets that were left lying about."""
    return prefix + secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def shown(secret: str) -> str:
    return secret[:SHOWN]
