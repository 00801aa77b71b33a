"""Events as a list shows them: who, what in words, what it came to, and where to look on."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assistant.views.record import filters, sentences
from governance import people
from governance.audit.rows import Recorded
from governance.scope import Scope


@dataclass(frozen=True)
class Line:
    event: Recorded
    sentence: str
    tone: str
    kind: str
    is_own: bool  # whoever reads is whoever did it


def of(scope: Scope, events: Iterable[Recorded]) -> list[Line]:
    listed = list(events)
    names = people.names(scope, {one for event in listed for one in (event.actor, event.service) if one})
    return [line(scope, event, names) for event in listed]


def line(scope: Scope, event: Recorded, names: Mapping[uuid.UUID, str]) -> Line:
    """`names` of actors, and of what acted for them."""
    who = names.get(event.actor, "") if event.actor else ""
    through = names.get(event.service, str(event.service)) if event.service else ""
    return Line(
        event,
        sentences.sentence(event, who, through),
        sentences.tone(event),
        filters.kind_of(event.action),
        event.actor is not None and event.actor == scope.actor,
    )


def by_kind(tally: Mapping[str, int]) -> list[tuple[str, int]]:
    """(label, how many) of each kind there is, in the order of the filters."""
    counted: Counter[str] = Counter()
    for action, amount in tally.items():
        counted[filters.kind_of(action)] += amount
    return [(str(label), counted[kind]) for kind, (label, _families) in filters.KINDS.items() if counted[kind]]
