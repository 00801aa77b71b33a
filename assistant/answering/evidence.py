"""Whether what was found can carry an answer, and what the person is told where it cannot.

A question's probability of being answered by what was found comes from features that the search has already: how near the
nearest passage is, how much of the question's terms one passage holds, and how many of its names stand nowhere, for
look-alikes are near by every other measure. The weights are plain numbers, fitted by `bench.answering.gate` on questions
that can and cannot be answered; `gate.toml` says on how many. Two marks on the probability, which the strictness of a
collection sets, part answering, answering with a warning, and refusing.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from governance.sentence import phrase, sentence
from ingestion.attribution import facts, names
from ingestion.models import Strictness
from ingestion.search import Passage, terms

GATE: dict[str, Any] = tomllib.loads((Path(__file__).resolve().parent / "gate.toml").read_text("utf-8"))
WEIGHTS: dict[str, float] = GATE["weights"]
MARKS = {Strictness(level): (marks["refuse"], marks["warn"]) for level, marks in GATE["marks"].items()}
NEAR = 0.26  # the default embedder's; each has one of its own, from which its cosines count here

UNNAMED_MOST = 2  # names that stand nowhere, as they count

_SPELLING = 0.8  # of two words as difflib compares them: a slip, or "German" for "Germany"
_SPELLED_MIN = 5  # letters; below, one letter makes another word: "Rome" is no "room"
_SHOWN = 80  # characters of a name in a refusal, which has to fit its row
_PARTS = re.compile(r"\d+|[^\W\d_]+")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
# Short for words that a document may write out: "CEO", "HR".
_SHORT = re.compile(r"\b[^\W\d_a-zäöü]{2,}\b")
# What the person is told.
NOT_NAMED = phrase(
    "I found nothing about %(about)s in what you may read. Searched: %(listed)s. Try other words, or ask its owner."
)
NOT_FOUND = phrase(
    "I found nothing about this in what you may read. Searched: %(listed)s. Try other words, or ask its owner."
)
NOTHING_TO_SEARCH = phrase(
    "There is no collection that you may read yet, so there was nothing to search. Ask an administrator."
)
# Days and months: an answer may speak of "Monday to Thursday" or of all of them.
_CALENDAR = frozenset(
    terms.terms(
        """Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August
        September October November December"""
    )
)


class Decision(StrEnum):
    ANSWER = "answer"
    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Evidence:
    """`probability` is that of an answer in what was found; `unnamed` are the names of the question that no passage holds."""

    decision: Decision
    probability: float
    strictness: Strictness
    features: Mapping[str, float]
    nearest: float = 0.0
    covered: float = 0.0
    unnamed: tuple[str, ...] = ()

    @property
    def suffices(self) -> bool:
        return self.decision is not Decision.REFUSE

    def as_json(self) -> dict[str, Any]:
        refuse, warn = MARKS[self.strictness]
        return {
            "suffices": self.suffices,
            "decision": self.decision,
            "probability": self.probability,
            "strictness": self.strictness,
            "marks": {"refuse": refuse, "warn": warn},
            "features": dict(self.features),
            "nearest": self.nearest,
            "covered": self.covered,
            "unnamed": list(self.unnamed),
        }


def strictest(passages: Sequence[Passage]) -> Strictness:
    """Of the collections that an answer would stand on; balanced where it would stand on none."""
    levels = [Strictness(one) for one in Strictness.values if any(passage.strictness == one for passage in passages)]
    return levels[-1] if levels else Strictness.BALANCED  # they stand from the most lenient on


def weigh(
    question: str,
    passages: Sequence[Passage],
    near: float = NEAR,
    strictness: Strictness = Strictness.BALANCED,
    explained: Sequence[tuple[str, str]] = (),
) -> Evidence:
    """`near` is the mark of the embedder that found them; `explained` is what the glossary makes of the question."""
    missing = unnamed(question, passages, explained)
    marked = features(passages, near, len(missing))
    probability = round(_probability(marked), 4) if passages else 0.0
    refuse, warn = MARKS[strictness]
    decision = Decision.REFUSE if probability < refuse else Decision.WARN if probability < warn else Decision.ANSWER
    if strictness is not Strictness.LENIENT and any(facts.codes(name) for name in missing):
        decision = Decision.REFUSE  # what is said of the FM45 answers nothing about the FM50, however near it is
    nearest = max((passage.dense for passage in passages), default=0.0)
    covered = max((passage.coverage for passage in passages), default=0.0)
    return Evidence(decision, probability, strictness, marked, round(nearest, 4), round(covered, 4), missing)


def features(passages: Sequence[Passage], near: float, missing: int) -> dict[str, float]:
    """What the gate weighs. Cosines are counted from the embedder's own mark, as shares of what is left above it.

    Tried beside these and without gain on what nothing was fitted on: BM25 and its margin, the cosine's margin, whether both
    arms agree, the question's length, the best sentence's share of its terms, and the terms that stand nowhere.
    """
    marked = {
        "nearest": (max((one.dense for one in passages), default=0.0) - near) / (1 - near),
        "covered": max((one.coverage for one in passages), default=0.0),
        "unnamed": float(min(missing, UNNAMED_MOST)),
    }
    return {name: round(value, 4) for name, value in marked.items()}


def _probability(marked: Mapping[str, float]) -> float:
    return 1 / (1 + math.exp(-sum(WEIGHTS[name] * value for name, value in marked.items()) - WEIGHTS["bias"]))


def unnamed(question: str, passages: Sequence[Passage], explained: Sequence[tuple[str, str]] = ()) -> tuple[str, ...]:
    """The words of the question that name something which stands nowhere in the passages, their titles and headings.

    Nor does what they stand for, by (said, meant) of the glossary.
    """
    texts = [passage.text for passage in passages]
    whole = "\n".join(passage.whole for passage in passages)
    held = set(terms.terms(whole))
    asked = {*names.required(question, texts), *_YEAR.findall(question)} - _CALENDAR
    short = set(terms.terms(" ".join(_SHORT.findall(question))))
    known = {term for said, meant in explained if _is_meant(meant, held) for term in terms.terms(said)}
    missing = {name for name in asked - short - known if not _is_held(name, held, whole)}
    return tuple(dict.fromkeys(_written(question, token) for token in terms.tokens(question) if token.term in missing))


def refusal(receipt: dict[str, Any], missing: Sequence[str] = ()) -> str:
    """Names what was searched, so that "nothing found" can be judged."""
    shelves = [collection["name"][:_SHOWN] for collection in receipt.get("collections", [])]
    if not shelves:
        return NOTHING_TO_SEARCH
    listed = ", ".join(shelves[:6]) + (f" (+{len(shelves) - 6})" if len(shelves) > 6 else "")
    about = ", ".join(f"“{name[:_SHOWN]}”" for name in missing[:3])
    return sentence(NOT_NAMED, about=about, listed=listed) if about else sentence(NOT_FOUND, listed=listed)


def _is_meant(meant: str, held: set[str]) -> bool:
    """Whether one of the meanings, as the note lists them, stands there in all its words."""
    meanings = [set(terms.terms(one)) for one in meant.split(", ")]
    return any(words and words <= held for words in meanings)


def _is_held(name: str, held: set[str], whole: str) -> bool:
    """A word may be spelled with a slip; a code may not, FM50 is no FM45, but DN50 is DN 50."""
    if name in held:
        return True
    if facts.codes(name):
        parts = map(re.escape, _PARTS.findall(name))
        return bool(re.search(rf"\b{'[ -]?'.join(parts)}\b", whole, re.IGNORECASE))
    return len(name) >= _SPELLED_MIN and bool(difflib.get_close_matches(name, held, 1, _SPELLING))


def _written(question: str, token: terms.Token) -> str:
    return question[token.start : token.end]
