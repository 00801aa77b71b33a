"""What of a passage tells whether it answers a question, beyond how near it is and how many of the words it holds.

All shares are of the question's weight, in which a rare word weighs more, and lie between 0 and 1.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields

from ingestion.search import analysis, languages
from ingestion.search.postings import Weights, terms_of

WINDOW = 16  # terms: a sentence or two
_PART_LEAST = 5  # letters: a shorter word is inside many others
_APART_MOST = 2


@dataclass(frozen=True)
class Features:
    """`dense` and `lexical` are both scores on a common scale (ingestion.search.fusion), the others shares.

    `held` of the text, `above` of its title and headings; `close` of the best few sentences; `phrase` of neighbours in the
    question that are neighbours here; `part` of what stands here only inside a longer word; `figures` of the question's
    figures and codes that are missing; `beside` is the score of the next best passage of the same document, and `first`
    whether the passage opens it.
    """

    dense: float = 0.0
    lexical: float = 0.0
    held: float = 0.0
    above: float = 0.0
    close: float = 0.0
    phrase: float = 0.0
    part: float = 0.0
    figures: float = 0.0
    beside: float = 0.0
    first: float = 0.0

    @property
    def row(self) -> tuple[float, ...]:
        return astuple(self)


NAMES = tuple(one.name for one in fields(Features))


@dataclass(frozen=True)
class Told:
    """A passage as features see it: its text, what stands over it, and its place in its document."""

    text: str
    above: str
    ordinal: int
    document: object


def of(
    weights: Weights, dense: Sequence[float], lexical: Sequence[float], fused: Sequence[float], told: Sequence[Told]
) -> list[Features]:
    """In the order of the passages, which is that of all the sequences. The scores are the fusion's parts and their sum."""
    word_of = terms_of(weights.words)
    found = []
    for at, one in enumerate(told):
        stands = _places(word_of, _terms(one.text))
        over = {word for _, word in _places(word_of, _terms(one.above))}
        held = {word for _, word in stands}
        beside = [fused[other] for other, two in enumerate(told) if two.document == one.document and other != at]
        found.append(
            Features(
                dense=dense[at],
                lexical=lexical[at],
                held=weights.coverage(held),
                above=weights.coverage(over),
                close=_close(weights, stands),
                phrase=_phrase(weights, stands),
                part=weights.coverage(_inside(weights, held | over, one.text.lower())),
                figures=_missing(weights, held | over),
                beside=max(beside, default=min(fused)),
                first=float(one.ordinal == 0),
            )
        )
    return found


def _terms(text: str) -> list[str]:
    return analysis.counted(text, languages.of_text(text))


def _places(word_of: Mapping[str, str], terms: Iterable[str]) -> list[tuple[int, str]]:
    return [(place, word_of[term]) for place, term in enumerate(terms) if term in word_of]


def _close(weights: Weights, stands: Sequence[tuple[int, str]]) -> float:
    best = 0.0
    for start, (place, _) in enumerate(stands):
        within = {word for other, word in stands[start:] if other - place < WINDOW}
        best = max(best, weights.coverage(within))
    return best


def _phrase(weights: Weights, stands: Sequence[tuple[int, str]]) -> float:
    asked = [word.written for word in weights.words]
    pairs = {(one, two): weights.by_word[one] + weights.by_word[two] for one, two in itertools.pairwise(asked)}
    met = {
        (one, two)
        for at, (place, one) in enumerate(stands)
        for other, two in stands[at + 1 : at + 4]
        if other - place <= _APART_MOST
    }
    whole = sum(pairs.values())
    return sum(weight for pair, weight in pairs.items() if pair in met) / whole if whole else 0.0


def _inside(weights: Weights, held: set[str], text: str) -> list[str]:
    """Words that are not there by themselves: "Zulage" in "Nachtzulage"."""
    return [
        word.written
        for word in weights.words
        if word.written not in held
        and any(len(term) >= _PART_LEAST and term.isalpha() and term in text for term in word.variants)
    ]


def _missing(weights: Weights, held: set[str]) -> float:
    exact = [word.written for word in weights.words if any(sign.isdigit() for sign in word.written)]
    return sum(word not in held for word in exact) / len(exact) if exact else 0.0
