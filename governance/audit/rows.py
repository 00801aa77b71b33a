"""The record's rows as Postgres hands them out: parsed, counted, decrypted. Who may is decided by whoever calls."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from governance.audit import envelope, keyring
from governance.scope import Scope


@dataclass(frozen=True)
class Recorded:
    """One event without its payload. `leaf_data` is the base64 of the exact bytes that are hashed."""

    id: uuid.UUID
    at: datetime
    recorded_at: datetime
    action: str
    actor: uuid.UUID | None
    actor_kind: str
    key: uuid.UUID | None
    service: uuid.UUID | None  # the service account that acted for the actor
    interaction: uuid.UUID | None
    resource: dict[str, str] | None  # kind, id
    facts: dict[str, Any]
    roles: list[str]
    leaf_data: str
    has_payload: bool
    index: int | None  # its place in the tree; None until it is sealed


@dataclass(frozen=True)
class Opened:
    """`payload` is None where there was none, or where its subject was erased."""

    recorded: Recorded
    payload: dict[str, Any] | None
    is_erased: bool


@dataclass(frozen=True)
class Row:
    recorded: Recorded
    leaf: dict[str, Any]
    ciphertext: bytes | None

    @property
    def data(self) -> bytes:
        """The exact bytes that are hashed."""
        return base64.b64decode(self.recorded.leaf_data)

    @property
    def is_whole(self) -> bool:
        """Is the payload the one that the event names?"""
        said = self.leaf["payload"]["sha256"] if "payload" in self.leaf else None
        return said == (hashlib.sha256(self.ciphertext).hexdigest() if self.ciphertext is not None else None)


def read(wanted: Mapping[str, Any], amount: int) -> list[Row]:
    """Newest first; after a place, those next to it first. Inside a scope's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT recorded_at, leaf, ciphertext, index FROM audit.read(%s::jsonb, %s)", [json.dumps(wanted), amount]
        )
        return [_row(*row) for row in cursor.fetchall()]


def tally(wanted: Mapping[str, Any], most: int) -> dict[str, int]:
    """How many of each action, of `most` events that match."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT action, amount FROM audit.tally(%s::jsonb, %s)", [json.dumps(wanted), most])
        return dict(cursor.fetchall())


def models() -> list[str]:
    """The names of the models that wrote answers, as the record has them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM audit.models()")
        return [name for (name,) in cursor.fetchall()]


def opened(scope: Scope, row: Row) -> Opened:
    if row.ciphertext is None:
        return Opened(row.recorded, None, is_erased=False)
    subject = uuid.UUID(row.leaf["payload"]["subject"])
    try:
        payload = envelope.unseal(scope.tenant, subject, row.recorded.id, row.ciphertext)
    except keyring.KeyGone:
        return Opened(row.recorded, None, is_erased=True)
    return Opened(row.recorded, payload, is_erased=False)


def _row(recorded_at: datetime, leaf: bytes, ciphertext: bytes | None, index: int | None) -> Row:
    told: dict[str, Any] = json.loads(bytes(leaf))
    recorded = Recorded(
        id=uuid.UUID(told["id"]),
        at=datetime.fromisoformat(told["at"]),
        recorded_at=recorded_at,
        action=told["action"],
        actor=_id(told["actor"].get("id")),
        actor_kind=told["actor"]["kind"],
        key=_id(told["actor"].get("key")),
        service=_id(told["actor"].get("service")),
        interaction=_id(told["interaction"]),
        resource=told["resource"],
        facts=told["facts"],
        roles=told.get("roles", []),
        leaf_data=base64.b64encode(bytes(leaf)).decode(),
        has_payload="payload" in told,
        index=index,
    )
    return Row(recorded, told, bytes(ciphertext) if ciphertext is not None else None)


def _id(text: str | None) -> uuid.UUID | None:
    return uuid.UUID(text) if text else None
