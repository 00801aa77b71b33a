"""A group as SCIM's Group, there and back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from assistant.scim import patching, reading, showing
from assistant.scim.errors import Rejected
from assistant.scim.schemas import GROUPS
from governance import naming
from governance.identity.directories import entries
from governance.identity.directories import groups as kept_groups
from governance.models import DirectoryEntry
from governance.scope import Scope

KIND = GROUPS
NOUN = "group"


def create(scope: Scope, sent: Any) -> DirectoryEntry:
    name, external, members = _said(reading.resource(KIND, sent))
    return kept_groups.create(scope, name, external, members)


def replace(scope: Scope, one: uuid.UUID, sent: Any, number: int | None) -> DirectoryEntry:
    said = _said(reading.resource(KIND, sent))
    with scope.transaction():
        return kept_groups.change(scope, entries.locked(scope, NOUN, one, number), *said)


def patch(scope: Scope, one: uuid.UUID, sent: Any, number: int | None) -> DirectoryEntry:
    with scope.transaction():
        row = entries.locked(scope, NOUN, one, number)
        before = kept_of(row, kept_groups.members(scope, [one])[one])
        return kept_groups.change(scope, row, *_said(patching.apply(KIND, before, sent)))


def remove(scope: Scope, one: uuid.UUID, number: int | None) -> None:
    kept_groups.remove(scope, one, number)


def kept_of(row: DirectoryEntry, members: Iterable[Any]) -> dict[str, Any]:
    assert row.group is not None  # noqa: S101  for the type checker
    told: dict[str, Any] = {"displayName": row.group.name}
    if row.external_id:
        told["externalId"] = row.external_id
    listed = [{"value": str(one.pk), "type": "User"} for one in members]
    return told | ({"members": listed} if listed else {})


def shown(
    scope: Scope, rows: Iterable[DirectoryEntry], root: str, names: frozenset[str] | None
) -> list[dict[str, Any]]:
    """As resources. `names` are the attributes that are wanted at all; None are all: members may be many."""
    rows = list(rows)
    wants = names is None or "members" in names
    members = kept_groups.members(scope, [row.group_id for row in rows if row.group_id]) if wants else {}
    told = []
    for row in rows:
        kept = kept_of(row, members.get(row.group_id, []))  # type: ignore[arg-type]
        for one in kept.get("members", ()):
            one["$ref"] = f"{root}/Users/{one['value']}"
        told.append(showing.resource(KIND, row, kept, root))
    return told


def _said(kept: dict[str, Any]) -> tuple[str, str, set[uuid.UUID]]:
    """Name, id there, and members. Raises Rejected."""
    name = " ".join(kept.get("displayName", "").split())
    if not 0 < len(name) <= naming.NAME_MAX or not name.isprintable():
        raise Rejected(f"A group has a displayName of 1 to {naming.NAME_MAX} characters.", "invalidValue")
    return name, reading.external_id(kept), {_member(one) for one in kept.get("members", ())}


def _member(one: dict[str, Any]) -> uuid.UUID:
    if str(one.get("type", "User")).lower() != "user":
        raise Rejected("Members are users. A group within a group is not supported.", "invalidValue")
    try:
        return uuid.UUID(one.get("value", ""))
    except ValueError:
        raise Rejected("A member is named by the id of a user.", "invalidValue") from None
