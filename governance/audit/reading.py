"""Read the record: masked by default, opened for a reason, and either way recorded in the same transaction.

Postgres asks for the role once more inside `audit.read`: an application that forgot to ask reads nothing.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from governance import access
from governance.actions import Action
from governance.audit import envelope, events, keyring
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput, NotFound
from governance.scope import Scope

LIMIT_MAX = 500
REASON_SHORTEST = 10
# An action, or the part before its dot: what is asked for is recorded in clear, so it cannot be a free text.
ACTIONS = frozenset(str(event) for event in Event) | {event.partition(".")[0] for event in Event}


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
    interaction: uuid.UUID | None
    resource: dict[str, str] | None  # kind, id
    facts: dict[str, Any]
    roles: list[str]
    leaf_data: str
    has_payload: bool


@dataclass(frozen=True)
class Page:
    """Newest first; `next` is the cursor of what is older, None at the end."""

    events: list[Recorded]
    next: str | None


@dataclass(frozen=True)
class Opened:
    """`payload` is None where there was none, or where its subject was erased."""

    recorded: Recorded
    payload: dict[str, Any] | None
    is_erased: bool


@dataclass(frozen=True)
class _Row:
    recorded: Recorded
    leaf: dict[str, Any]
    ciphertext: bytes | None


def listed(
    scope: Scope,
    *,
    interaction: uuid.UUID | None = None,
    person: uuid.UUID | None = None,
    resource: uuid.UUID | None = None,
    action: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None = None,
    limit: int = 100,
) -> Page:
    """Events from `since` on and before `until`. `action` may be a family such as "answer".

    Raises Forbidden, and InvalidInput for a cursor, a limit or an action that there is not.
    """
    access.require(scope, Action.RECORD_READ)
    if action and action not in ACTIONS:
        raise InvalidInput("There is no such event. Name one, such as answer.finished, or a family, such as answer.")
    if not 1 <= limit <= LIMIT_MAX:
        raise InvalidInput(f"A page has 1 to {LIMIT_MAX} events.")
    wanted = {
        "interaction": interaction,
        "person": person,
        "resource": resource,
        "action": action,
        "since": since,
        "until": until,
    }
    chosen = {name: str(value) for name, value in wanted.items() if value}
    place = _place(cursor) if cursor else {}
    with scope.transaction():
        rows = _read(chosen | place, limit + 1)
        page = Page([row.recorded for row in rows[:limit]], _cursor(rows[limit - 1]) if len(rows) > limit else None)
        events.record(scope, Event.RECORD_READ, facts=chosen | place | {"events": len(page.events)})
    return page


def one(scope: Scope, event: uuid.UUID) -> Recorded:
    """One event, masked. Raises Forbidden or NotFound."""
    access.require(scope, Action.RECORD_READ)
    with scope.transaction():
        found = _find(event).recorded
        events.record(scope, Event.RECORD_READ, facts={"event": event})
    return found


def opened(scope: Scope, event: uuid.UUID, reason: str) -> Opened:
    """One event with its words. Raises Forbidden, NotFound, and InvalidInput where `reason` says too little."""
    access.require(scope, Action.RECORD_OPEN)
    if len(reason.strip()) < REASON_SHORTEST:
        raise InvalidInput(f"Say why you open it, in {REASON_SHORTEST} characters or more.")
    with scope.transaction():
        row = _find(event)
        payload, is_erased = _unseal(scope, row)
        events.record(
            scope,
            Event.RECORD_OPENED,
            interaction=row.recorded.interaction,
            facts={"event": event, "is_erased": is_erased},
            payload={"reason": reason.strip()},
        )
    return Opened(row.recorded, payload, is_erased)


def _find(event: uuid.UUID) -> _Row:
    found = _read({"id": str(event)}, 1)
    if not found:
        raise NotFound("There is no such event.")
    return found[0]


def _read(wanted: dict[str, str], amount: int) -> list[_Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT recorded_at, leaf, ciphertext FROM audit.read(%s::jsonb, %s)", [json.dumps(wanted), amount]
        )
        return [_row(*row) for row in cursor.fetchall()]


def _row(recorded_at: datetime, leaf: bytes, ciphertext: bytes | None) -> _Row:
    told: dict[str, Any] = json.loads(bytes(leaf))
    recorded = Recorded(
        id=uuid.UUID(told["id"]),
        at=datetime.fromisoformat(told["at"]),
        recorded_at=recorded_at,
        action=told["action"],
        actor=_id(told["actor"].get("id")),
        actor_kind=told["actor"]["kind"],
        key=_id(told["actor"].get("key")),
        interaction=_id(told["interaction"]),
        resource=told["resource"],
        facts=told["facts"],
        roles=told.get("roles", []),
        leaf_data=base64.b64encode(bytes(leaf)).decode(),
        has_payload="payload" in told,
    )
    return _Row(recorded, told, bytes(ciphertext) if ciphertext is not None else None)


def _unseal(scope: Scope, row: _Row) -> tuple[dict[str, Any] | None, bool]:
    if row.ciphertext is None:
        return None, False
    subject = uuid.UUID(row.leaf["payload"]["subject"])
    try:
        return envelope.unseal(scope.tenant, subject, row.recorded.id, row.ciphertext), False
    except keyring.KeyGone:
        return None, True


def _id(text: str | None) -> uuid.UUID | None:
    return uuid.UUID(text) if text else None


def _cursor(row: _Row) -> str:
    place = f"{row.recorded.recorded_at.isoformat()} {row.recorded.id}"
    return base64.urlsafe_b64encode(place.encode()).decode()


def _place(cursor: str) -> dict[str, str]:
    try:
        at, _, event = base64.b64decode(cursor, altchars=b"-_", validate=True).decode().partition(" ")
        return {"before_at": datetime.fromisoformat(at).isoformat(), "before_id": str(uuid.UUID(event))}
    except (binascii.Error, ValueError):
        raise InvalidInput("The cursor is not one that was given out. Start again without it.") from None
