"""One interaction of the record, whole: every event of it, masked, until an officer opens its words for a reason.

What is open stands in the record alone: an opening says until when, a closing ends it early. There is no other state that
could say more than the record does.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from governance import access
from governance.actions import Action
from governance.audit import events, reading, rows
from governance.audit.officers import openings, permits
from governance.audit.rows import Opened, Recorded
from governance.audit.vocabulary import Event
from governance.errors import NotFound
from governance.scope import Scope

OPEN_FOR = timedelta(minutes=15)
EVENTS_MOST = 1000


@dataclass(frozen=True)
class Interaction:
    """`events` oldest first. `words` holds what each payload says while it is open to this officer, else nothing.

    `payloads` is how many events carry words, `differing` how many of those are not what their event names by its hash.
    """

    id: uuid.UUID
    events: list[Recorded]
    words: dict[uuid.UUID, Opened]
    open_until: datetime | None
    is_cut: bool  # it has more events than are shown
    payloads: int = 0
    differing: int = 0

    @property
    def is_open(self) -> bool:
        return self.open_until is not None


def get(scope: Scope, interaction: uuid.UUID) -> Interaction:
    """Raises Forbidden, and NotFound where the record knows of no such interaction."""
    access.require(scope, Action.RECORD_READ)
    with scope.transaction():
        found = _read(interaction)
        until = _open_until(scope, interaction, [row.recorded for row in found])
        words = {row.recorded.id: rows.opened(scope, row) for row in found if row.ciphertext} if until else {}
        reading.note(scope, {"interaction": str(interaction)}, events=len(found))
    carrying = [row for row in found if row.ciphertext]
    return Interaction(
        id=interaction,
        events=[row.recorded for row in found],
        words=words,
        open_until=until,
        is_cut=len(found) == EVENTS_MOST,
        payloads=len(carrying),
        differing=sum(not row.is_whole for row in carrying),
    )


def open_words(scope: Scope, interaction: uuid.UUID, reason: str, case: str = "") -> datetime:
    """All payloads of the interaction, for this officer, until the time that is returned.

    `case` is the number of a file elsewhere, where there is one. Raises Forbidden, NotFound and InvalidInput, and
    SecondOfficerNeeded where the tenant wants another officer's approval and there is none.
    """
    access.require(scope, Action.RECORD_OPEN)
    said, number = reading.checked_reason(reason), openings.checked_case(case)
    until = datetime.now(UTC) + OPEN_FOR
    with scope.transaction():
        payloads = sum(row.ciphertext is not None for row in _read(interaction))
        permit = permits.require(scope, interaction)
        until = min(until, permit.expires_at) if permit else until
        events.record(
            scope,
            Event.RECORD_OPENED,
            interaction=interaction,
            facts={"interaction": interaction, "until": until.isoformat(), "payloads": payloads} | permits.told(permit),
            payload={"reason": said} | ({"case": number} if number else {}),
        )
    return until


def close_words(scope: Scope, interaction: uuid.UUID) -> None:
    """Before its time is over; where nothing is open nothing happens. Raises Forbidden and NotFound."""
    access.require(scope, Action.RECORD_OPEN)
    with scope.transaction():
        found = [row.recorded for row in _read(interaction)]
        if _open_until(scope, interaction, found):
            events.record(scope, Event.RECORD_CLOSED, interaction=interaction, facts={"interaction": interaction})


def _read(interaction: uuid.UUID) -> list[rows.Row]:
    found = rows.read({"interaction": str(interaction)}, EVENTS_MOST)
    if not found:
        raise NotFound("The record knows of no such interaction.")
    return found[::-1]


def _open_until(scope: Scope, interaction: uuid.UUID, found: list[Recorded]) -> datetime | None:
    """By the officer's own last word on it."""
    if scope.actor is None or not access.decide(scope, Action.RECORD_OPEN).allowed:
        return None
    for event in reversed(found):
        if event.actor != scope.actor or event.facts.get("interaction") != str(interaction):
            continue
        if event.action == Event.RECORD_CLOSED:
            return None
        if event.action == Event.RECORD_OPENED:
            until = datetime.fromisoformat(event.facts["until"])
            return until if until > datetime.now(UTC) else None
    return None
