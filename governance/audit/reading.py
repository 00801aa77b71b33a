"""Read the record: masked by default, opened for a reason, and either way recorded in the same transaction.

Postgres asks for the role once more inside `audit.read`: an application that forgot to ask reads nothing. The same reading
again, by the same person within ten minutes, adds nothing: going back and forth must not bury the record in itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Unpack

from governance import access
from governance.actions import Action
from governance.audit import events, rows, selection
from governance.audit.officers import permits
from governance.audit.rows import Opened, Recorded
from governance.audit.selection import Filters
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput, NotFound, TooLarge
from governance.scope import Scope
from governance.sentence import sentence

LIMIT_MAX = 500
REASON_SHORTEST = 10
REASON_LONGEST = 500
AGAIN = timedelta(minutes=10)
AGAIN_LOOKED_AT = 200  # of one's own readings: more in ten minutes is a machine's doing, and each is recorded
COUNTED_MOST = 10_000
EXPORTED_MOST = 50_000


@dataclass(frozen=True)
class Page:
    """Newest first. `next` is the cursor of what is older, `newer` of what is newer: None where there is nothing.

    `top` is the place of the first event, after which new ones come.
    """

    events: list[Recorded]
    next: str | None
    newer: str | None = None
    top: str | None = None


def require(scope: Scope) -> None:
    """Whoever comes into the room at all. Raises Forbidden."""
    access.require(scope, Action.RECORD_READ)


def listed(
    scope: Scope,
    *,
    cursor: str | None = None,
    newer: str | None = None,
    limit: int = 100,
    **filters: Unpack[Filters],
) -> Page:
    """Events from `since` on and before `until`: those before `cursor`, or those just after `newer`.

    Raises Forbidden, and InvalidInput for a cursor, a limit or a filter that there is not.
    """
    require(scope)
    wanted = selection.chosen(filters)
    if not 1 <= limit <= LIMIT_MAX:
        raise InvalidInput(sentence("A page has 1 to %(most)s events.", most=LIMIT_MAX))
    given = newer or cursor
    place = selection.place(given, side="after" if newer else "before") if given else {}
    with scope.transaction():
        found = [row.recorded for row in rows.read(wanted | place, limit + 1)]
        page = _page(found[:limit], has_more=len(found) > limit, place=place)
        note(scope, wanted | place, events=len(page.events))
    return page


def tallied(scope: Scope, *, newer: str | None = None, **filters: Unpack[Filters]) -> dict[str, int]:
    """How many events of each action match, at most COUNTED_MOST in all; with `newer`, after that place and without
    one's own readings. Numbers alone, of which no reading is recorded. Raises Forbidden and InvalidInput.
    """
    require(scope)
    wanted: dict[str, Any] = dict(selection.chosen(filters))
    if newer:
        wanted |= selection.place(newer, side="after") | {"but_readings_of": str(scope.actor) if scope.actor else None}
    with scope.transaction():
        return rows.tally(wanted, COUNTED_MOST)


def models(scope: Scope) -> list[str]:
    """What `model` may be. Raises Forbidden."""
    require(scope)
    with scope.transaction():
        return rows.models()


def exported(scope: Scope, kind: str, **filters: Unpack[Filters]) -> Iterator[Recorded]:
    """Every event that matches, masked, newest first. Recorded before the first is handed out.

    `kind` is the name of the file's format. Raises Forbidden, InvalidInput, and TooLarge over EXPORTED_MOST.
    """
    require(scope)
    wanted: dict[str, Any] = dict(selection.chosen(filters))
    if wanted.get("clock") != "event":  # the export ends where it began: its own event is not in it
        wanted["until"] = min(filters.get("until") or datetime.now(UTC), datetime.now(UTC)).isoformat()
    with scope.transaction():
        amount = sum(rows.tally(wanted, EXPORTED_MOST + 1).values())
        if amount > EXPORTED_MOST:
            raise TooLarge(
                sentence(
                    "An export has at most %(most)s events. Narrow the filters, a month at a time say.",
                    most=EXPORTED_MOST,
                )
            )
        events.record(scope, Event.RECORD_EXPORTED, facts=wanted | {"format": kind, "events": amount})
    return _every(scope, wanted)


def one(scope: Scope, event: uuid.UUID) -> Recorded:
    """One event, masked. Raises Forbidden or NotFound."""
    require(scope)
    with scope.transaction():
        found = _find(event).recorded
        note(scope, {"event": str(event)})
    return found


def opened(scope: Scope, event: uuid.UUID, reason: str) -> Opened:
    """One event with its words. Raises Forbidden, NotFound, InvalidInput where `reason` says too little, and
    SecondOfficerNeeded where the tenant wants another officer's approval and there is none.
    """
    access.require(scope, Action.RECORD_OPEN)
    said = checked_reason(reason)
    with scope.transaction():
        row = _find(event)
        permit = permits.require(scope, event, row.recorded.interaction)
        found = rows.opened(scope, row)
        events.record(
            scope,
            Event.RECORD_OPENED,
            interaction=found.recorded.interaction,
            facts={"event": event, "is_erased": found.is_erased} | permits.told(permit),
            payload={"reason": said},
        )
    return found


def told_enough(reason: str) -> str | None:
    """What was said, where it is a sentence and not a word, nor a page."""
    said = reason.replace("\x00", "").strip()
    return said if REASON_SHORTEST <= len(said) <= REASON_LONGEST else None


def checked_reason(reason: str) -> str:
    """Raises InvalidInput."""
    said = told_enough(reason)
    if said is None:
        raise InvalidInput(
            sentence(
                "Say why you open it, in %(least)s to %(most)s characters.", least=REASON_SHORTEST, most=REASON_LONGEST
            )
        )
    return said


def note(scope: Scope, what: Mapping[str, Any], **counted: int) -> None:
    """Record a reading of `what`, unless the same person has read it within AGAIN. Inside the scope's transaction."""
    since = (datetime.now(UTC) - AGAIN).isoformat()
    mine = {"action": str(Event.RECORD_READ), "person": str(scope.actor), "since": since}
    before = rows.read(mine, AGAIN_LOOKED_AT) if scope.actor else []
    if any(row.recorded.key == scope.key and _without(row.recorded.facts, counted) == what for row in before):
        return
    events.record(scope, Event.RECORD_READ, facts=dict(what) | counted)


def _without(facts: dict[str, Any], counted: Mapping[str, int]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name not in counted}


def _page(found: list[Recorded], *, has_more: bool, place: Mapping[str, str]) -> Page:
    is_upwards = "after_at" in place
    if is_upwards:
        found.reverse()
    if not found:
        return Page([], None)
    top = selection.cursor(found[0].recorded_at, found[0].id)
    bottom = selection.cursor(found[-1].recorded_at, found[-1].id)
    is_first = not place or (is_upwards and not has_more)
    return Page(found, bottom if is_upwards or has_more else None, None if is_first else top, top)


def _every(scope: Scope, wanted: dict[str, Any]) -> Iterator[Recorded]:
    place: dict[str, str] = {}
    while True:
        with scope.transaction():
            found = [row.recorded for row in rows.read(wanted | place, LIMIT_MAX)]
        yield from found
        if len(found) < LIMIT_MAX:
            return
        place = selection.place(selection.cursor(found[-1].recorded_at, found[-1].id), side="before")


def _find(event: uuid.UUID) -> rows.Row:
    found = rows.read({"id": str(event)}, 1)
    if not found:
        raise NotFound("There is no such event.")
    return found[0]
