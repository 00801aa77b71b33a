"""A person as SCIM's User, there and back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from assistant.scim import patching, reading, showing
from assistant.scim.errors import Rejected
from assistant.scim.schemas import ENTERPRISE, USERS
from governance import naming
from governance.identity.directories import entries, people
from governance.identity.directories import groups as kept_groups
from governance.identity.directories.people import Account
from governance.models import DirectoryEntry
from governance.scope import Scope

KIND = USERS
NOUN = "person"
OWN = ("userName", "externalId", "active")  # what has a column of its own
USER_NAME_LONGEST = 255


def create(scope: Scope, sent: Any) -> DirectoryEntry:
    """Whoever is brought without a word of it is switched on."""
    return people.create(scope, account({"active": True} | reading.resource(KIND, sent)))


def replace(scope: Scope, one: uuid.UUID, sent: Any, number: int | None) -> DirectoryEntry:
    kept = reading.resource(KIND, sent)
    with scope.transaction():
        row = entries.locked(scope, NOUN, one, number)
        if "active" not in kept and row.active is not None:
            kept["active"] = row.active
        return people.change(scope, row, account(kept))


def patch(scope: Scope, one: uuid.UUID, sent: Any, number: int | None) -> DirectoryEntry:
    with scope.transaction():
        row = entries.locked(scope, NOUN, one, number)
        return people.change(scope, row, account(patching.apply(KIND, kept_of(row), sent)))


def remove(scope: Scope, one: uuid.UUID, number: int | None) -> None:
    people.remove(scope, one, number)


def account(kept: dict[str, Any]) -> Account:
    """Raises Rejected."""
    user_name = kept.get("userName", "")
    if not 0 < len(user_name) <= USER_NAME_LONGEST:
        raise Rejected(f"A user has a userName of 1 to {USER_NAME_LONGEST} characters.", "invalidValue")
    external = reading.external_id(kept)
    rest = {name: value for name, value in kept.items() if name not in OWN}
    return Account(user_name, _email(kept, user_name), _name(kept, user_name), external, kept.get("active"), rest)


def kept_of(row: DirectoryEntry) -> dict[str, Any]:
    """What the directory said, as `reading.resource` keeps it."""
    own = {"userName": row.user_name, "externalId": row.external_id or None, "active": row.active}
    kept: dict[str, Any] = {name: value for name, value in own.items() if value is not None}
    return {**kept, **row.attributes}


def shown(
    scope: Scope, rows: Iterable[DirectoryEntry], root: str, names: frozenset[str] | None
) -> list[dict[str, Any]]:
    """As resources. `names` are the attributes that are wanted at all; None are all."""
    rows = list(rows)
    wants = names is None or "groups" in names
    groups = kept_groups.of_people(scope, [row.person_id for row in rows if row.person_id]) if wants else {}
    return [_shown(row, groups.get(row.person_id, []), root) for row in rows]  # type: ignore[arg-type]


def _shown(row: DirectoryEntry, groups: Iterable[Any], root: str) -> dict[str, Any]:
    told = kept_of(row)
    manager = told.get(ENTERPRISE, {}).get("manager", {})
    if manager.get("value"):
        told[ENTERPRISE] = told[ENTERPRISE] | {"manager": manager | {"$ref": f"{root}/Users/{manager['value']}"}}
    listed = [{"value": str(one.pk), "$ref": f"{root}/Groups/{one.pk}", "display": one.name} for one in groups]
    return showing.resource(KIND, row, told | ({"groups": listed} if listed else {}), root)


def _email(kept: dict[str, Any], user_name: str) -> str:
    """The primary one, or that for work, or the first; or the userName, where it is one."""
    emails = [one for one in kept.get("emails", ()) if one.get("value")]
    ranked = sorted(emails, key=lambda one: (not one.get("primary"), str(one.get("type", "")).lower() != "work"))
    given = ranked[0]["value"] if ranked else user_name
    try:
        validate_email(given.strip())
    except ValidationError:
        raise Rejected("A user has an e-mail address: in emails, or as the userName.", "invalidValue") from None
    return str(given.strip())


def _name(kept: dict[str, Any], user_name: str) -> str:
    parts = kept.get("name", {})
    whole = " ".join(parts[one] for one in ("givenName", "familyName") if parts.get(one))
    given = kept.get("displayName") or parts.get("formatted") or whole or user_name
    readable = "".join(one if one.isprintable() else " " for one in given)
    return " ".join(readable.split())[: naming.NAME_MAX].strip() or user_name[: naming.NAME_MAX]
