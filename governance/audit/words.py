"""Search the record for words. They are looked for where they are encrypted: texts are opened here, inside what the filters
leave, compared, and forgotten; what comes back says where a word stands and never what stands beside it.

Looking into texts is reading them, and takes a reason. The search is one event, its words and reason in the payload; the
parts in which it goes on take the words from there, so that they stand in no address and no log.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Unpack

from django.core import signing

from governance import access
from governance.actions import Action
from governance.audit import events, reading, rows, selection
from governance.audit.rows import Recorded
from governance.audit.selection import Filters
from governance.audit.vocabulary import Event
from governance.errors import InvalidInput, NotFound
from governance.scope import Scope
from governance.sentence import sentence

GOES_ON_FOR = timedelta(minutes=15)
LOOKED_MOST = 20_000  # texts of one search: above it the filters have to be narrowed
MATCHES_MOST = 200
A_PART = 250
WORD_SHORTEST = 2
WORDS_MOST = 10
LONGEST = 200
MARKS_MOST = 20  # places that are told of one text
SALT = "chancery.record.search"


@dataclass(frozen=True)
class Place:
    """In which part of what an event says, how often, and where: from 0 for its begin to 1 for its end."""

    name: str
    times: int
    at: tuple[float, ...]


@dataclass(frozen=True)
class Match:
    recorded: Recorded
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Search:
    """`texts` is how many there are to look into, at most LOOKED_MOST; `is_cut` where there are more."""

    id: uuid.UUID
    words: str
    filters: Mapping[str, Any]
    texts: int
    is_cut: bool
    until: datetime  # when it can no longer go on


@dataclass(frozen=True)
class Part:
    """Newest first. `looked` and `matched` count from the search's begin; `next` goes on, None at its end.

    `is_full` says that it ended with MATCHES_MOST, whatever there was still to look into.
    """

    matches: list[Match]
    looked: int
    matched: int
    next: str | None
    is_full: bool = False


def begin(scope: Scope, words: str, reason: str, **filters: Unpack[Filters]) -> uuid.UUID:
    """Record the search, and give its number, with which `part` goes on. Raises Forbidden and InvalidInput."""
    access.require(scope, Action.RECORD_OPEN)
    terms(words)
    said, wanted = reading.checked_reason(reason), dict(selection.chosen(filters))
    if wanted.get("clock") != "event":  # what comes while it is looked through is another search's
        wanted["until"] = min(filters.get("until") or datetime.now(UTC), datetime.now(UTC)).isoformat()
    with scope.transaction():
        texts = sum(rows.tally(_in_texts(wanted), LOOKED_MOST + 1).values())
        return events.record(
            scope,
            Event.RECORD_SEARCHED,
            facts=wanted | {"texts": texts},
            payload={"words": words.strip(), "reason": said},
        )


def get(scope: Scope, search: uuid.UUID) -> Search:
    """One's own, while it may go on. Raises Forbidden, and NotFound for any other."""
    access.require(scope, Action.RECORD_OPEN)
    with scope.transaction():
        found = rows.read({"id": str(search), "action": str(Event.RECORD_SEARCHED), "person": str(scope.actor)}, 1)
        told = rows.opened(scope, found[0]).payload if found else None
    if told is None or found[0].recorded.recorded_at + GOES_ON_FOR < datetime.now(UTC):
        raise NotFound("There is no such search, or its time is over. Search again.")
    event, texts = found[0].recorded, int(found[0].recorded.facts["texts"])
    return Search(
        id=search,
        words=told["words"],
        filters={name: value for name, value in event.facts.items() if name != "texts"},
        texts=min(texts, LOOKED_MOST),
        is_cut=texts > LOOKED_MOST,
        until=event.recorded_at + GOES_ON_FOR,
    )


def part(scope: Scope, search: uuid.UUID, cursor: str = "") -> Part:
    """The next A_PART texts. Raises Forbidden, NotFound, and InvalidInput for a cursor that was not given out."""
    begun = get(scope, search)
    wanted, looked, matched = _in_texts(begun.filters), 0, 0
    if cursor:
        looked, matched, place = _read_cursor(search, cursor)
        wanted |= selection.place(place, side="before")
    amount = min(A_PART, LOOKED_MOST - looked)
    with scope.transaction():
        found = rows.read(wanted, amount)
        matches = list(_matches(scope, found, terms(begun.words)))[: MATCHES_MOST - matched]
    looked, matched = looked + len(found), matched + len(matches)
    is_full = matched >= MATCHES_MOST
    following = None
    if len(found) == amount and looked < LOOKED_MOST and not is_full:
        last = found[-1].recorded
        place = selection.cursor(last.recorded_at, last.id)
        following = signing.dumps([str(search), looked, matched, place], salt=SALT)
    return Part(matches, looked, matched, following, is_full)


def terms(words: str) -> list[str]:
    """Parted by spaces, what stands in quotation marks as a whole; all of them must be found. Raises InvalidInput."""
    found = [(phrase or word).casefold() for phrase, word in re.findall(r'"([^"]+)"|([^\s"]+)', words)]
    if not found or len(words) > LONGEST or len(found) > WORDS_MOST:
        raise InvalidInput(
            sentence(
                "Give one to %(words)s words to look for, in at most %(most)s characters.",
                words=WORDS_MOST,
                most=LONGEST,
            )
        )
    if min(len(one.strip()) for one in found) < WORD_SHORTEST:
        raise InvalidInput(sentence("A word to look for has at least %(least)s characters.", least=WORD_SHORTEST))
    return found


def _in_texts(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return dict(wanted) | {"searchable": "yes"}


def _read_cursor(search: uuid.UUID, cursor: str) -> tuple[int, int, str]:
    """Signed, so that no search looks further than it may."""
    try:
        its, looked, matched, place = signing.loads(cursor, salt=SALT)
    except (signing.BadSignature, ValueError):
        its = None
    if its != str(search):
        raise InvalidInput("The cursor is not one that was given out. Start again without it.")
    return looked, matched, place


def _matches(scope: Scope, found: list[rows.Row], wanted: list[str]) -> Iterator[Match]:
    for row in found:
        payload = rows.opened(scope, row).payload or {}
        texts = {name: "\n".join(_strings(value)).casefold() for name, value in payload.items()}
        if all(any(term in text for text in texts.values()) for term in wanted):
            places = [_place(name, text, wanted) for name, text in texts.items()]
            yield Match(row.recorded, tuple(place for place in places if place.times))


def _place(name: str, text: str, wanted: list[str]) -> Place:
    starts = sorted({found.start() for term in wanted for found in re.finditer(re.escape(term), text)})
    return Place(name, len(starts), tuple(round(start / len(text), 4) for start in starts[:MARKS_MOST]))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
