"""What the record holds of the caller: who looked at their words and why, and their own events to take away.

Postgres' doors ask for the person themselves: nobody reads another's this way, whatever their role.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from governance import access, models, tenants
from governance.actions import Action
from governance.audit import envelope, keyring
from governance.audit.lifecycle import classes
from governance.audit.lifecycle.classes import Class
from governance.audit.vocabulary import Event
from governance.scope import Scope

LOOKS_SHOWN = 200
A_PAGE = 500
OPENINGS = {Event.RECORD_OPENED, Event.RECORD_SEARCHED}


@dataclass(frozen=True)
class Look:
    """`who` and `reason` are empty where the organisation does not tell them, or they are gone."""

    at: datetime
    action: str
    who: str
    reason: str
    interaction: uuid.UUID | None
    is_opening: bool  # words themselves were seen, taken away or searched, and not only that there are some


def looks(scope: Scope) -> list[Look]:
    """Who opened, listed or took away what is the caller's, the newest first. Raises Forbidden."""
    access.require(scope, Action.OWN_DATA)
    tenant = tenants.current(scope)
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT id, leaf, ciphertext FROM audit.looked_at(%s)", [LOOKS_SHOWN])
        found = [(event, json.loads(bytes(leaf)), ciphertext) for event, leaf, ciphertext in cursor.fetchall()]
        officers = {leaf["actor"]["id"] for _event, leaf, _ in found if leaf["actor"].get("id")}
        known = models.Person.objects.filter(pk__in=officers if tenant.names_officers else ())
        names = {str(person.pk): str(person) for person in known}
    made = []
    for event, leaf, ciphertext in found:
        actor = leaf["actor"].get("id")
        words = _payload(scope, event, leaf, ciphertext) if tenant.tells_reasons else None
        place = leaf["facts"].get("interaction") or leaf["interaction"]
        made.append(
            Look(
                at=datetime.fromisoformat(leaf["at"]),
                action=leaf["action"],
                who=names.get(actor, ""),
                reason=(words or {}).get("reason", ""),
                interaction=uuid.UUID(place) if place else None,
                is_opening=leaf["action"] in OPENINGS or leaf["facts"].get("is_open") is True,
            )
        )
    return made


def counted(scope: Scope) -> Mapping[Class, int]:
    """How many events there are of the caller, by class. Raises Forbidden."""
    access.require(scope, Action.OWN_DATA)
    amounts: Counter[Class] = Counter()
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT action, amount FROM audit.own_tally()")
        for action, amount in cursor.fetchall():
            amounts[classes.of(action)] += amount
    return amounts


def recorded(scope: Scope) -> Iterator[dict[str, Any]]:
    """The caller's events, the newest first: each leaf as it is hashed, and its words. Raises Forbidden."""
    access.require(scope, Action.OWN_DATA)
    place: tuple[datetime | None, uuid.UUID | None] = (None, None)
    while True:
        with scope.transaction(), connection.cursor() as cursor:
            cursor.execute("SELECT id, recorded_at, leaf, ciphertext FROM audit.own(%s, %s, %s)", [*place, A_PAGE])
            found = cursor.fetchall()
        for event, _at, leaf, ciphertext in found:
            told = json.loads(bytes(leaf))
            yield {"event": told, "words": _payload(scope, event, told, ciphertext)}
        if len(found) < A_PAGE:
            return
        place = (found[-1][1], found[-1][0])


def _payload(
    scope: Scope, event: uuid.UUID, leaf: Mapping[str, Any], ciphertext: bytes | None
) -> dict[str, Any] | None:
    if ciphertext is None:
        return None
    try:
        return envelope.unseal(scope.tenant, uuid.UUID(leaf["payload"]["subject"]), event, bytes(ciphertext))
    except keyring.KeyGone:
        return None
