"""Ask for an evidence bundle: which events, with their words or without, and from which head on.

Asking is an event of its own, and the bundle is made of what that event says: it waits until a signed head covers it, so that
what was asked, by whom, and that nothing was left out is proven like everything else.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Unpack

from governance import access
from governance.actions import Action
from governance.audit import events, reading, rows, selection
from governance.audit.bundle import checking
from governance.audit.interactions import OPEN_FOR
from governance.audit.officers import permits
from governance.audit.officers.models import Opening
from governance.audit.rows import Row
from governance.audit.selection import Filters
from governance.audit.tree import heads
from governance.audit.tree.verifier import Checkpoint, leaf_hash
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput, NotFound, TooLarge
from governance.scope import Scope
from governance.sentence import sentence

KIND = "bundle"
EVENTS_MOST = 10_000
OPENED_MOST = 500  # answers whose words come too: each is an opening of its own
LASTS = timedelta(hours=1)  # from the asking on it may be fetched, and by whoever asked alone
PAGE = 500
LEAVES_MOST = 2**62  # no tree has more, and no database counts them


@dataclass(frozen=True)
class Asked:
    """One asking, as the record has it."""

    row: Row

    @property
    def id(self) -> uuid.UUID:
        return self.row.recorded.id

    @property
    def facts(self) -> Mapping[str, Any]:
        return self.row.recorded.facts

    @property
    def wanted(self) -> dict[str, Any]:
        return dict(self.facts["wanted"])

    @property
    def until(self) -> datetime:
        return datetime.fromisoformat(self.facts["fetched_until"])


def ask(
    scope: Scope, *, reason: str = "", head: str = "", case: uuid.UUID | None = None, **filters: Unpack[Filters]
) -> uuid.UUID:
    """The number of the bundle. With a `reason` the words come too; `head` is the note of the last one that was kept.

    Where words take a second officer, one has to have approved the opening of the interaction or the `case` that it is of.
    Raises Forbidden, SecondOfficerNeeded, InvalidInput, and TooLarge over EVENTS_MOST or
    OPENED_MOST.
    """
    access.require(scope, Action.RECORD_READ)
    if reason:
        access.require(scope, Action.RECORD_OPEN)
        reason = reading.checked_reason(reason)
    wanted: dict[str, Any] = dict(selection.chosen(filters))
    with scope.transaction():
        permit = permits.require(scope, case, filters.get("interaction")) if reason else None
        cut = datetime.now(UTC)
        found = list(matching(wanted, cut))
        until = _open(scope, found, reason, permit) if reason else cut + LASTS
        facts = {
            "format": KIND,
            "wanted": wanted,
            "cut": cut.isoformat(),
            "events": len(found),
            "selection": checking.selection([leaf_hash(row.data) for row in found]),
            "is_open": bool(reason),
            "before": _before(scope, head),
            "fetched_until": until.isoformat(),
        } | permits.told(permit)
        return events.record(scope, Event.RECORD_EXPORTED, facts=facts, payload={"reason": reason} if reason else None)


def _open(scope: Scope, found: Sequence[Row], reason: str, permit: Opening | None) -> datetime:
    """Each answer's words are opened as they are on its page: recorded, and seen by whom they concern. Until when."""
    amounts = Counter(row.recorded.interaction or row.recorded.id for row in found if row.ciphertext is not None)
    lone = {row.recorded.id for row in found if row.recorded.interaction is None}
    if len(amounts) > OPENED_MOST:
        raise TooLarge(
            sentence("A bundle opens the words of at most %(most)s answers. Narrow the filters.", most=OPENED_MOST)
        )
    now = datetime.now(UTC)
    until = min(now + LASTS, (permit and permit.expires_at) or now + LASTS)
    for target, payloads in amounts.items():
        what: dict[str, Any] = {"event": target, "is_erased": False}
        if target not in lone:
            ends = min(now + OPEN_FOR, until)
            what = {"interaction": target, "until": ends.isoformat(), "payloads": payloads}
        events.record(
            scope,
            Event.RECORD_OPENED,
            interaction=None if target in lone else target,
            facts=what | permits.told(permit),
            payload={"reason": reason},
        )
    return until


def asked(scope: Scope, bundle: uuid.UUID) -> Asked:
    """One's own asking, as long as it lasts. Raises Forbidden and NotFound. Inside the scope's transaction."""
    access.require(scope, Action.RECORD_READ)
    found = rows.read({"id": str(bundle)}, 1)
    if found and _is_mine(scope, found[0]):
        one = Asked(found[0])
        if datetime.now(UTC) < one.until:
            return one
    raise NotFound("There is no such bundle, or its time is over: ask for it once more.")


def matching(wanted: Mapping[str, Any], cut: datetime) -> Iterator[Row]:
    """The events that fit and were accepted before `cut`, newest first. Raises TooLarge. Inside a scope's transaction."""
    place: dict[str, str] = {}
    amount = 0
    while True:
        found = rows.read({**wanted, **place}, PAGE)
        fitting = [row for row in found if row.recorded.recorded_at < cut]
        amount += len(fitting)
        if amount > EVENTS_MOST:
            raise TooLarge(sentence("A bundle holds at most %(most)s events. Narrow the filters.", most=EVENTS_MOST))
        yield from fitting
        if len(found) < PAGE:
            return
        last = found[-1].recorded
        place = selection.place(selection.cursor(last.recorded_at, last.id), side="before")


def _is_mine(scope: Scope, row: Row) -> bool:
    recorded = row.recorded
    is_bundle = recorded.action == Event.RECORD_EXPORTED and recorded.facts.get("format") == KIND
    return is_bundle and recorded.actor is not None and recorded.actor == scope.actor


def _before(scope: Scope, note: str) -> int | None:
    """How many leaves the head has that the bundle leads on from: the one that was given, or else the one of the bundle
    that the same person asked for last. Raises InvalidInput.
    """
    if note:
        return _given(scope, note)
    mine = {"action": str(Event.RECORD_EXPORTED), "person": str(scope.person)}
    last = next((row.recorded for row in rows.read(mine, PAGE) if row.recorded.facts.get("format") == KIND), None)
    head = heads.covering(last.index) if last and last.index is not None else None
    return head.size if head else None


def _given(scope: Scope, note: str) -> int:
    try:
        kept = Checkpoint.parse(note.replace("\r\n", "\n").strip("\n") + "\n")
    except ValueError:
        raise InvalidInput("That is no signed head. Give the file as it was saved.") from None
    stored = heads.covering(kept.size - 1) if kept.size <= LEAVES_MOST else None
    if (
        kept.origin != heads.origin(scope.tenant)
        or stored is None
        or (stored.size, stored.root) != (kept.size, kept.root)
    ):
        raise InvalidInput(
            "The record has no such head. Unless it is of another log, the record was changed: have it verified."
        )
    return kept.size
