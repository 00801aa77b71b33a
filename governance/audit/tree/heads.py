"""Signed heads as the application sees them: whose log it is, whose keys sign, and what was signed last.

A log's origin is `<settings.RECORD_ORIGIN>/<tenant>`, and the sealer's key bears the origin's name in it, as C2SP's
tlog-checkpoint wants. Only public keys are read here: the private ones are the sealer's and the witness's own.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.db import connection

from governance.audit.tree.verifier import Checkpoint, Verifier

SEALER = "sealer.pub"
WITNESS = "witness.pub"


@dataclass(frozen=True)
class Head:
    """One signed head; `note` is the text that leaves the house, `checkpoint` what it says."""

    number: int
    at: datetime
    size: int
    root: bytes
    note: str
    is_witnessed: bool

    @property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint.parse(self.note)


def origin(tenant: uuid.UUID) -> str:
    return f"{settings.RECORD_ORIGIN}/{tenant}"


def origins(tenant: uuid.UUID) -> list[str]:
    """This log's name and those it had before a restore."""
    return [origin(tenant), *(f"{former}/{tenant}" for former in settings.RECORD_FORMER_ORIGINS)]


def sealer(tenant: uuid.UUID) -> Verifier | None:
    """The key that signs this tenant's heads; None before a sealer has started here for the first time."""
    found = _public(SEALER)
    return replace(found, name=origin(tenant)) if found else None


def witness() -> Verifier | None:
    """None where there is no witness."""
    return _public(WITNESS)


def newest(amount: int = 1, below: int | None = None) -> list[Head]:
    """The tenant's heads, newest first. Inside a scope's transaction."""
    return _heads("audit.heads(%s, %s)", below if below is not None else 2**62, amount)


def after(number: int, amount: int) -> list[Head]:
    """The heads behind that one, in their order. Inside a scope's transaction."""
    return _heads("audit.signed(%s, %s)", number, amount)


def covering(index: int) -> Head | None:
    """The first head that was signed over the leaf at that place. Inside a scope's transaction."""
    return next(iter(_heads("audit.covering(%s)", index)), None)


def hashes(level: int, first: int, amount: int) -> Sequence[bytes]:
    """`merkle.Hashes` of the tenant's tree. Inside a scope's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT found FROM audit.hashes(%s, %s, %s) AS found", [level, first, amount])
        return [bytes(value) for (value,) in cursor.fetchall()]


def publish(name: str, verifier: Verifier) -> None:
    """Lay a public key where every process reads it. Raises OSError."""
    if _public(name) == verifier:
        return
    folder = settings.RECORD_KEYS
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{name}.{os.getpid()}"
    draft.write_text(verifier.text + "\n", encoding="ascii")
    draft.replace(folder / name)


def _heads(door: str, *values: int) -> list[Head]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT number, at, size, root, note, is_witnessed FROM {door}", values)
        return [Head(row[0], row[1], row[2], bytes(row[3]), *row[4:]) for row in cursor.fetchall()]


def _public(name: str) -> Verifier | None:
    try:
        return Verifier.parse((settings.RECORD_KEYS / name).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None
