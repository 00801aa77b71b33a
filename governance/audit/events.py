"""Append to the record. It fails closed: where an event cannot be written, what it tells of does not happen.

`record` joins the transaction of the service that did the thing. A refusal is recorded by `record` too, in a transaction
of its own, after whatever was refused has been rolled back: see `assistant.middleware.faults`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import DatabaseError, InterfaceError, connection, transaction

from governance.audit import canonical, envelope, keyring
from governance.audit.vocabulary import Event
from governance.errors import RecordUnavailable
from governance.scope import Scope

FORMAT = 3
# Events that belong to no tenant, such as a sign-in at an address nobody has.
INSTALLATION = uuid.UUID(int=0)
CANNOT = "The record cannot be written, so nothing was done. Please try again later."


@dataclass
class _Gathering:
    depth: int
    leaves: list[bytes] = field(default_factory=list)
    ciphertexts: list[bytes | None] = field(default_factory=list)


@contextmanager
def together(scope: Scope) -> Iterator[None]:
    """What is recorded inside is appended by one statement at the end, in the order in which it was said.

    For what only writes rows: nothing may leave before the end, where RecordUnavailable is raised, and the transaction is
    lost with it. Where there is one already, it joins.
    """
    with scope.transaction():
        if getattr(connection, "chancery_gathering", None) is not None:
            yield
            return
        gathering = _Gathering(_savepoints())
        connection.chancery_gathering = gathering  # type: ignore[attr-defined]
        try:
            yield
        finally:
            connection.chancery_gathering = None  # type: ignore[attr-defined]
        if gathering.leaves:
            _append_all(gathering)


def _savepoints() -> int:
    return sum(one is not None for one in connection.savepoint_ids)


def _append_all(gathering: _Gathering) -> None:
    try:
        with connection.cursor() as cursor:
            # They are called from left to right. As arrays they would have to be escaped twice, which costs more than the rest.
            calls = ", ".join(["audit.append(%s, %s)"] * len(gathering.leaves))
            values: list[Any] = [
                one for pair in zip(gathering.leaves, gathering.ciphertexts, strict=True) for one in pair
            ]
            cursor.execute(f"SELECT {calls}", values)
    except (DatabaseError, InterfaceError) as fault:
        raise RecordUnavailable(CANNOT) from fault


def record(
    scope: Scope,
    action: Event,
    *,
    resource: tuple[str, uuid.UUID] | None = None,
    interaction: uuid.UUID | None = None,
    facts: dict[str, Any] | None = None,
    payload: dict[str, Any] | None = None,
    subject: uuid.UUID | None = None,
) -> uuid.UUID:
    """Append one event and return its id.

    `facts` stand in clear for ever: pseudonymous ids, numbers, names of rules; never a name, an address or a text.
    `payload` is encrypted under the key of `subject` (the actor, where none is named; the tenant for background work).
    Raises RecordUnavailable, and the transaction is lost with it.
    """
    fields: dict[str, Any] = {
        "actor": _actor(scope),
        "facts": _plain(facts or {}),
        "resource": {"kind": resource[0], "id": str(resource[1])} if resource else None,
        "roles": sorted(scope.roles),
        "groups": sorted(str(group) for group in scope.groups),
        "request": scope.request_id,
        "session": scope.session or None,
        "client": scope.client or None,
    }
    with scope.transaction():
        return _append(scope.tenant, action, fields, interaction, payload, subject or scope.actor or scope.tenant)


def _actor(scope: Scope) -> dict[str, Any]:
    """Who, by which key, and through which service account where one acts for them."""
    actor: dict[str, Any] = {"kind": str(scope.kind), "id": str(scope.actor) if scope.actor else None}
    actor |= {"key": str(scope.key)} if scope.key else {}
    return actor | ({"service": str(scope.service)} if scope.service else {})


def record_installation(
    action: Event,
    *,
    facts: dict[str, Any],
    payload: dict[str, Any],
    request_id: str,
    operator: uuid.UUID | None = None,
) -> uuid.UUID:
    """Append to the installation's own log, outside every tenant. `operator` is who did it, where that is known."""
    actor = {"kind": "operator" if operator else "unknown", "id": str(operator) if operator else None}
    fields = {"actor": actor, "facts": _plain(facts), "resource": None, "request": request_id}
    with transaction.atomic():
        return _append(INSTALLATION, action, fields, None, payload, INSTALLATION)


def _append(
    tenant: uuid.UUID,
    action: Event,
    fields: dict[str, Any],
    interaction: uuid.UUID | None,
    payload: dict[str, Any] | None,
    subject: uuid.UUID,
) -> uuid.UUID:
    event = uuid.uuid4()
    leaf = fields | {
        "v": FORMAT,
        "id": str(event),
        "tenant": str(tenant),
        "at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "action": str(action),
        "interaction": str(interaction) if interaction else None,
    }
    try:
        sealed = envelope.seal(tenant, subject, event, _plain(payload)) if payload else None
        if sealed:
            leaf["payload"] = sealed.said
        _write(canonical.dumps(leaf), sealed.ciphertext if sealed else None)
    except (DatabaseError, InterfaceError, keyring.KeyGone, OSError) as fault:
        raise RecordUnavailable(CANNOT) from fault
    return event


def _write(leaf: bytes, ciphertext: bytes | None) -> None:
    gathering: _Gathering | None = getattr(connection, "chancery_gathering", None)
    if gathering is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT audit.append(%s, %s)", [leaf, ciphertext])
        return
    if _savepoints() != gathering.depth:
        raise RuntimeError("a savepoint that is rolled back would leave its events behind")
    gathering.leaves.append(leaf)
    gathering.ciphertexts.append(ciphertext)


def _plain(value: Any) -> Any:
    """JSON's own types, as RFC 8785 wants them: ids and enums as text, floats rounded to what they mean."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(v) for v in (sorted(value, key=str) if isinstance(value, (set, frozenset)) else value)]
    if isinstance(value, float):
        value = round(value, 6)
        return int(value) if value.is_integer() and abs(value) < 2**53 else value  # RFC 8785 writes 1.0 as 1
    if value is None or isinstance(value, (bool, int)):
        return value
    return str(value).encode("utf-8", "replace").decode()
