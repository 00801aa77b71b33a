"""The documents' own words beside or instead of a model's: the sentences nearest to the question, few and short.

Instead of an answer they are the best of the best passages. Under one that holds, they are what it leaves out of the passage
that it stands on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.answering import trimming
from assistant.answering.trimming import Near, Piece
from ingestion.search import Passage, languages, terms

PASSAGES, ROOM = 2, 500  # passages, and characters of them together, instead of an answer
ADDED = 250  # characters under one
CLOSE = 0.6  # of a piece's weight: what is farther than that from the nearest one is about something else
LEFT_OUT = 0.5  # of a sentence's terms: what holds as many says what it says
BRIDGED = 200  # characters of what was said already, between two that were not: a quote in one piece reads better


@dataclass(frozen=True)
class Quote:
    """`passage.text[start:end]`; `header` is the place of what stands above it in a table."""

    passage: Passage
    start: int
    end: int
    header: tuple[int, int] | None = None

    @property
    def text(self) -> str:
        return self.passage.text[self.start : self.end]

    @property
    def above(self) -> str:
        return trimming.above(self.passage.text, self.header)


def instead(question: str, passages: Sequence[Passage], near: Near | None = None) -> list[Quote]:
    """The best sentences of the best passages."""
    found = trimming.trim(question, passages[:PASSAGES], near, ROOM)
    return [quote for one in found for quote in _with_headers(one.passage, one.places)]


def left_out(question: str, passage: Passage, said: str, near: Near | None = None) -> list[Quote]:
    """What the passage says on the question beyond `said`: of its sentences those about as near to it as the nearest, if `said`
    holds less than half of them; of a table the one row that is nearest, for the others are about something else. Nothing where
    the two are of different languages: no word would tell what was said.
    """
    if _is_foreign(said, passage.text):
        return []
    pieces = trimming.pieces([passage])
    trimming.weigh(question, [passage], pieces, near)
    told = [one for one in pieces if not trimming.asks(_text(passage, one))]
    ranked = sorted(told, key=lambda one: -one.weight)
    rows = [one for one in ranked if _is_row(passage, one)]
    held = set(terms.terms(said))
    kept = [
        one
        for one in ranked
        if one.weight >= ranked[0].weight - CLOSE and one not in rows[1:] and _is_new(_text(passage, one), held)
    ]
    return list(_runs(passage, pieces, trimming.chosen(kept, ADDED)))


def _is_foreign(said: str, text: str) -> bool:
    """Where both are clear."""
    mine, theirs = (languages.told(languages.votes(one)) for one in (said, text))
    return bool(mine and theirs) and mine != theirs


def _is_new(text: str, held: set[str]) -> bool:
    own = set(terms.terms(text))
    return len(own & held) < LEFT_OUT * len(own)


def _text(passage: Passage, piece: Piece) -> str:
    return passage.text[piece.start : piece.end]


def _is_row(passage: Passage, piece: Piece) -> bool:
    return _text(passage, piece).startswith("|")


def _runs(passage: Passage, pieces: Sequence[Piece], chosen: Sequence[Piece]) -> Iterator[Quote]:
    """Neighbours as one, with what was said already between two of them where that is short."""
    wanted = sorted(pieces.index(one) for one in chosen)
    start = 0
    for at, number in enumerate(wanted):
        following = wanted[at + 1] if at + 1 < len(wanted) else None
        if following is not None and _are_one(passage, pieces, number, following):
            continue
        first = pieces[wanted[start]]
        yield Quote(passage, first.start, pieces[number].end, first.header)
        start = at + 1


def _are_one(passage: Passage, pieces: Sequence[Piece], one: int, other: int) -> bool:
    between = pieces[one + 1 : other]
    if any(_is_row(passage, piece) for piece in (pieces[one], *between, pieces[other])):
        return False
    return not between or between[-1].end - between[0].start <= BRIDGED


def _with_headers(passage: Passage, places: Sequence[tuple[int, int]]) -> Iterator[Quote]:
    """The header of a table, where it stands by itself, goes with each of the rows behind it."""
    headers = {one.start: one.header for one in trimming.pieces([passage])}
    alone = set(headers.values())
    for place in places:
        if place not in alone:
            yield Quote(passage, *place, headers.get(place[0]))
