"""What of the record is asked for, as `audit.read` takes it: filters, and a place to go on from.

What was asked for is recorded in clear, so that no filter can be a free text: ids, times, and names that are listed here.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from governance.audit.vocabulary import Event
from governance.errors import InvalidInput
from governance.sentence import sentence

# An action, or the part before its dot.
ACTIONS = frozenset(str(event) for event in Event) | {event.partition(".")[0] for event in Event}
# What an event may have come to: a verdict of policy, the end of an answer, or that somebody was turned away.
VERDICTS = ("allow", "flag", "redact", "block")
ENDS = ("answered", "refused", "blocked", "cancelled", "interrupted", "failed")
DENIED = "denied"
OUTCOMES = frozenset({*VERDICTS, *ENDS, DENIED})
CLOCKS = ("recorded", "event")
MODEL = re.compile(r"[\w.:/@+-]{1,200}")  # a name, and never a sentence

Wanted = dict[str, str | list[str]]


class Filters(TypedDict, total=False):
    """All of them hold at once; an empty one is none.

    `person` did it; `about` did it, or it concerns them. `resource` is what it was done to; `mentions` the collection or
    document that it speaks of, among others. `touched` is a collection, `model` a name: all events of the answers that were
    given, or refused by policy, a passage of the one, or were written by the other. `clock` says whose time `since` and
    `until` are of: recorded, or event.
    """

    interaction: uuid.UUID | None
    interactions: Sequence[uuid.UUID]
    person: uuid.UUID | None
    about: uuid.UUID | None
    resource: uuid.UUID | None
    mentions: uuid.UUID | None
    touched: uuid.UUID | None
    model: str | None
    action: str | None
    actions: Sequence[str]
    outcomes: Sequence[str]
    since: datetime | None
    until: datetime | None
    clock: str


def chosen(filters: Filters) -> Wanted:
    """Raises InvalidInput for an action, an outcome or a clock that there is not, and for what can be no model."""
    wanted: Wanted = {}
    for name, value in filters.items():
        if not value:
            continue
        if isinstance(value, (list, tuple, set, frozenset)):
            wanted[name] = sorted(str(one) for one in value)
        else:
            wanted[name] = value.isoformat() if isinstance(value, datetime) else str(value)
    named = {str(wanted["action"])} if "action" in wanted else set()
    if not named | set(wanted.get("actions", ())) <= ACTIONS:
        raise InvalidInput("There is no such event. Name one, such as answer.finished, or a family, such as answer.")
    if not set(wanted.get("outcomes", ())) <= OUTCOMES:
        raise InvalidInput(sentence("An event comes to one of: %(known)s.", known=", ".join(sorted(OUTCOMES))))
    if not MODEL.fullmatch(str(wanted.get("model", "any"))):
        raise InvalidInput("A model is named as the record names it.")
    if wanted.get("clock", CLOCKS[0]) not in CLOCKS:
        raise InvalidInput("The clock is “recorded” or “event”.")
    return wanted


def cursor(recorded_at: datetime, event: uuid.UUID) -> str:
    return base64.urlsafe_b64encode(f"{recorded_at.isoformat()} {event}".encode()).decode()


def place(given: str, *, side: str) -> dict[str, str]:
    """What is `before` or `after` that place. Raises InvalidInput."""
    try:
        at, _, event = base64.b64decode(given, altchars=b"-_", validate=True).decode().partition(" ")
        return {f"{side}_at": datetime.fromisoformat(at).isoformat(), f"{side}_id": str(uuid.UUID(event))}
    except (binascii.Error, ValueError):
        raise InvalidInput("The cursor is not one that was given out. Start again without it.") from None
