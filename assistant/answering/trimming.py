"""What of the passages a model is given: the sentences around what the question asks, few and short.

What is sent is what people wait for: a small model on a small machine reads 85 tokens a second. Each sentence, list item
and table row is weighed by its passage's score and by how near it is itself, on the same scale; the best are sent until the
room is used. A row of a table keeps the header above it.

Tried on the development set and without gain (docs/prompts.md): what neighbours weigh, the question's terms beside nearness,
a piece's length and place, figures and code in it, and a logistic regression on all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from ingestion.cutting import blocks
from ingestion.search import Passage, terms

LEAST = 2  # passages, where so many were found
MOST = 5
# Beside a passage's score, which counts its own nearness in spreads of the embedder as 1.
NEARNESS = 0.3  # a piece's, in spreads
TERMS = 2.0  # the share of the question's terms that a piece holds, where no vectors tell
QUESTION = 10.0  # is taken from a piece that asks
LONGEST = 420  # characters of a piece that count against the room; a longer sentence is sent whole all the same
GAP = " […] "
_ASKING = ("?", "？", "؟")

Row = NDArray[np.float64]
Near = Callable[[str, Sequence[str]], Row]  # how near each text is to the question, in spreads of the embedder


@dataclass(frozen=True)
class Trimmed:
    """`text` is what is sent of the passage; `places` are its parts, (start, end) in the passage's text."""

    passage: Passage
    places: tuple[tuple[int, int], ...]
    text: str

    @property
    def is_whole(self) -> bool:
        return self.text == self.passage.text.strip()


@dataclass
class Piece:
    """`passage` is the number of the one in whose text it stands, from `start` to `end`."""

    passage: int
    start: int
    end: int
    header: tuple[int, int] | None
    weight: float = 0.0


def trim(question: str, passages: Sequence[Passage], near: Near | None, room: int) -> list[Trimmed]:
    """In the passages' order, which is best first. `room` is characters of all together; nothing is cut where all has room."""
    if sum(len(one.text) for one in passages[:MOST]) <= room:
        return [Trimmed(one, ((0, len(one.text)),), one.text.strip()) for one in passages[:MOST]]
    found = pieces(passages[:MOST])
    weigh(question, passages, found, near)
    best = chosen(found, room)
    kept = []
    for number, one in enumerate(passages[:MOST]):
        if places := _places(one.text, [piece for piece in best if piece.passage == number]):
            kept.append(Trimmed(one, tuple(places), GAP.join(one.text[start:end] for start, end in places)))
    return kept


def pieces(passages: Sequence[Passage]) -> list[Piece]:
    """Sentences, list items and rows, in their order."""
    return [piece for number, one in enumerate(passages) for piece in _pieces(number, one.text)]


def _pieces(number: int, text: str) -> list[Piece]:
    found: list[Piece] = []
    for unit in blocks.units(text):
        is_prose = not text[unit.start : unit.end].startswith("|")
        parts = blocks.sentences(text, unit) if is_prose else [unit]
        found += [Piece(number, one.start, one.end, unit.header) for one in parts]
    return found


def asks(text: str) -> bool:
    """A heading of a FAQ, which does not answer."""
    return text.rstrip().endswith(_ASKING)


def weigh(question: str, passages: Sequence[Passage], pieces: Sequence[Piece], near: Near | None) -> None:
    """Sets the weight of each: by its passage's score and by its own nearness to the question."""
    whole = [passages[one.passage].text for one in pieces]
    # A row alone says little of what its figures are about; the first has the header in its own place.
    texts = [above(text, one.header) + text[one.start : one.end] for text, one in zip(whole, pieces, strict=True)]
    own = TERMS * _by_terms(question, texts) if near is None else NEARNESS * near(question, texts)
    # Where names changed the order, a passage weighs no less than those behind it.
    scores = list(accumulate((one.score for one in reversed(passages)), max))[::-1]
    for piece, text, weight in zip(pieces, texts, own, strict=True):
        piece.weight = scores[piece.passage] + float(weight) - (QUESTION if asks(text) else 0.0)


def above(text: str, header: tuple[int, int] | None) -> str:
    """The header of a table, on lines of its own; nothing where there is none."""
    return f"{text[slice(*header)].strip()}\n" if header else ""


def _by_terms(question: str, texts: Sequence[str]) -> Row:
    """The share of the question's weight that each text holds; a term that stands in few of them weighs more."""
    asked = set(terms.terms(question))
    held = [asked & set(terms.terms(text)) for text in texts]
    rare = {term: math.log(1 + len(texts) / (0.5 + sum(term in one for one in held))) for term in asked}
    whole = sum(rare.values()) or 1.0
    return np.array([sum(rare[term] for term in one) / whole for one in held], dtype=np.float64)


def chosen(pieces: Sequence[Piece], room: int) -> list[Piece]:
    """The best until the room is used; the best of a second passage is always among them."""
    ranked = sorted(pieces, key=lambda one: -one.weight)
    firsts: dict[int, Piece] = {}
    for piece in ranked:
        firsts.setdefault(piece.passage, piece)
    best = list(firsts.values())[:LEAST]
    left = room - sum(min(one.end - one.start, LONGEST) for one in best)
    for piece in ranked:
        size = piece.end - piece.start
        if piece not in best and size <= left:
            best.append(piece)
            left -= size
    return best


def _places(text: str, kept: Sequence[Piece]) -> list[tuple[int, int]]:
    """Neighbours as one; the header of a table before the first of its rows."""
    places = sorted({place for piece in kept for place in ((piece.start, piece.end), piece.header) if place})
    joined: list[tuple[int, int]] = []
    for start, end in places:
        if joined and not text[joined[-1][1] : start].strip():
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif joined and start < joined[-1][1]:
            continue
        else:
            joined.append((start, end))
    return joined
