"""Whether what was found can carry an answer, and what the person is told where it cannot.

Two marks, each a line that a receipt can show. What the question names (a product, a place, a plan, a year) has to stand
in what was found: look-alikes are near by every other measure. And something has to be near, by meaning or by words.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from governance.sentence import phrase, sentence
from inference import prompts
from inference.prompts import Build
from ingestion import facts, names, terms
from ingestion.search import Passage

# Cosine similarity of the nearest passage, for all-MiniLM-L6-v2; another embedder has another scale. Fitted by
# `bench/evidence.py` on 86 answerable and 62 other questions: no answerable one lies below. At 0.33 six more of the 62
# would be refused, and two of the 32 answerable ones that are not put in the document's own words. Shared words and gaps
# between scores were tried too: on such questions they tell nothing.
NEAR = 0.26
# The share of the question's rare terms that one passage holds: whoever types an error code is not far from it,
# whatever the embedder makes of the code.
COVERED = 0.9

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


@dataclass(frozen=True)
class Evidence:
    """`unnamed` are the names of the question that no passage holds; `covered` is that of the one passage that holds most."""

    suffices: bool
    nearest: float
    covered: float
    unnamed: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"unnamed": list(self.unnamed), "marks": {"nearest": NEAR, "covered": COVERED}}


def weigh(question: str, passages: Sequence[Passage]) -> Evidence:
    nearest = max((passage.dense for passage in passages), default=0.0)
    covered = max((passage.coverage for passage in passages), default=0.0)
    missing = unnamed(question, passages)
    suffices = bool(passages) and not missing and (nearest >= NEAR or covered >= COVERED)
    return Evidence(suffices, round(nearest, 4), round(covered, 4), missing)


def unnamed(question: str, passages: Sequence[Passage]) -> tuple[str, ...]:
    """The words of the question that name something which stands nowhere in the passages, their titles and headings."""
    texts = [passage.text for passage in passages]
    whole = "\n".join(f"{passage.above}\n{passage.text}" for passage in passages)
    held = set(terms.terms(whole))
    asked = {*names.required(question, texts), *_YEAR.findall(question)} - _CALENDAR
    short = set(terms.terms(" ".join(_SHORT.findall(question))))
    missing = {name for name in asked - short if not _is_held(name, held, whole)}
    return tuple(dict.fromkeys(_written(question, token) for token in terms.tokens(question) if token.term in missing))


def refusal(receipt: dict[str, Any], missing: Sequence[str] = ()) -> str:
    """Names what was searched, so that "nothing found" can be judged."""
    shelves = [collection["name"][:_SHOWN] for collection in receipt.get("collections", [])]
    if not shelves:
        return NOTHING_TO_SEARCH
    listed = ", ".join(shelves[:6]) + (f" (+{len(shelves) - 6})" if len(shelves) > 6 else "")
    about = ", ".join(f"“{name[:_SHOWN]}”" for name in missing[:3])
    return sentence(NOT_NAMED, about=about, listed=listed) if about else sentence(NOT_FOUND, listed=listed)


def template(is_model_only: bool, instruction: str = "") -> Build:
    if is_model_only:
        return lambda question, _, history: prompts.model_only(question, history, instruction=instruction)
    return functools.partial(prompts.answer, instruction=instruction)


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
