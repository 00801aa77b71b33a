"""Which API keys opened something at a moment."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, cast

from governance import models, remembered
from governance.remembered import rows
from governance.service_accounts.models import ActsFor


def keys(
    tenant: models.AccessHistory, moment: datetime, wanted: list[uuid.UUID]
) -> dict[tuple[uuid.UUID, uuid.UUID], frozenset[str]]:
    """Those that opened something, as `resolve_person` decides it: what was exchanged lives by its parent, too, by the service
    account that holds that, and by the permission that it was exchanged under.
    """
    asked = {one.row: one for one in rows("api_key", moment).filter(row__in=wanted) if _lives(one, moment)}
    parents = {parent for one in asked.values() if (parent := remembered.identifier(one.said.get("parent_id")))}
    held = {one.row: one for one in rows("api_key", moment).filter(row__in=parents) if _lives(one, moment)}
    people = {cast("uuid.UUID", one.person) for one in (*asked.values(), *held.values())}
    said = {one.row: one.said for one in rows("person", moment).filter(row__in=people)}
    accounts = {one.person: one.said for one in rows("service_account", moment).filter(person__in=people)}
    found = {}
    for key, one in asked.items():
        parent, person = remembered.identifier(one.said.get("parent_id")), cast("uuid.UUID", one.person)
        if parent is None:
            # What was remembered before there were service accounts says nothing of them: then people had keys of their own.
            is_open = said[person].get("is_service") or tenant.said.get("allows_personal_keys", True)
        else:
            by = held[parent].person if parent in held else None
            is_open = by in said and said[by]["is_active"] and _acts(accounts.get(by), person, moment)
        if is_open:
            found[person, key] = frozenset(one.said["scopes"])
    return found


def _lives(one: models.AccessHistory, moment: datetime) -> bool:
    return one.said["revoked_at"] is None and remembered.time(one.said["expires_at"]) > moment


def _acts(account: dict[str, Any] | None, person: uuid.UUID, moment: datetime) -> bool:
    """Whether a service account might act for them."""
    if account is None or account["acts_for"] == ActsFor.NOBODY:
        return False
    of_group = rows("membership", moment).filter(
        person=person, group=remembered.identifier(account["acts_for_group_id"])
    )
    return account["acts_for"] == ActsFor.EVERYBODY or of_group.exists()
