"""Gold, not Platinum: passages that speak of what the question names come before those that speak of its like."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingestion.attribution import names
from ingestion.search import Passage, terms

# "Without X" is a condition of what is asked, and none of them. Each word stands here once: one that could be read in two ways
# ("on the") would double the time that every further one takes.
_NOT = re.compile(
    r"\b(?:not|except|excluding|other\s+than|rather\s+than|instead\s+of|nicht|außer|statt)\s+"
    r"(?:(?:for|in|on|the|für|die|der|das|den|dem)\s+)*([A-ZÄÖÜ0-9][\w-]*(?:\s+[A-ZÄÖÜ0-9][\w-]*)?)"
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def excluded(question: str) -> list[str]:
    """The names that the question says it does not mean, as they are written there."""
    return [match.group(1) for match in _NOT.finditer(question)]


def without(question: str) -> str:
    """The question without what it does not mean: neither of the two ways of searching knows a "not". Where it says nothing
    else, it is left as it is.
    """
    return re.sub(r"(?<!\s)\s+,|,\s*(?=[?.!]|$)", "", _NOT.sub("", question)).strip() or question


def ordered(question: str, found: Sequence[Passage]) -> list[Passage]:
    """In their order, those first that hold what is named, and those last that hold what is not meant."""
    refused = {term for name in excluded(question) for term in terms.terms(name)}
    held = [_held(one) for one in found]
    asked = {*names.required(question, [one.text for one in found]), *_YEAR.findall(question)} - refused
    # What stands in every passage, or in none, tells none of them apart.
    telling = {name for name in asked if 0 < sum(name in one for one in held) < len(held)}

    def place(at: int) -> int:
        lacks = len(telling - held[at])
        return lacks + (len(telling) + 1 if held[at] & refused and (lacks or not telling) else 0)

    return [found[at] for at in sorted(range(len(found)), key=lambda at: (place(at), at))]


def _held(one: Passage) -> frozenset[str]:
    return frozenset(terms.terms(f"{one.above}\n{one.text}"))
