"""Append to the record. It fails closed: where an event cannot be written, what it tells of does not happen.

`record` joins the transaction of the service that did the thing. A refusal is recorded by `record` too, in a transaction
of its own, after whatever was refused has been rolled back: see `assistant.middleware.faults`.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import rfc8785
from django.db import DatabaseError, InterfaceError, connection, transaction

from governance.audit import envelope, keyring
from governance.audit.vocabulary import Event
from governance.errors import RecordUnavailable
from governance.scope import Scope

FORMAT = 3
# Events that belong to no tenant, such as a sign-in at an address nobody has.
INSTALLATION = uuid.UUID(int=0)


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
    actor = {"kind": str(scope.kind), "id": str(scope.actor) if scope.actor else None}
    fields: dict[str, Any] = {
        "actor": actor | ({"key": str(scope.key)} if scope.key else {}),
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
        with connection.cursor() as cursor:
            cursor.execute("SELECT audit.append(%s, %s)", [rfc8785.dumps(leaf), sealed.ciphertext if sealed else None])
    except (DatabaseError, InterfaceError, keyring.KeyGone, OSError) as fault:
        raise RecordUnavailable("The record cannot be written, so nothing was done. Please try again later.") from fault
    return event


def _plain(value: Any) -> Any:
    """JSON's own types, as RFC 8785 wants them: ids and enums as text, floats rounded to what they mean."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(v) for v in (sorted(value, key=str) if isinstance(value, (set, frozenset)) else value)]
    if isinstance(value, float):
        return round(value, 6)
    if value is None or isinstance(value, (bool, int)):
        return value
    return str(value).encode("utf-8", "replace").decode()
