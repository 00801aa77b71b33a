"""Gold, not Platinum: passages that speak of what the question names come before those that speak of its like."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingestion.attribution import names
from ingestion.search import Passage, terms

# "Without X" is a condition of what is asked, and none of them; so is "countries other than X", of which a text about X may tell.
# Each word stands here once: one that could be read in two ways ("on the") would double the time that every further one takes.
_NAME = r"(?:(?:for|in|on|the|für|die|der|das|den|dem)\s+)*(?P<name>[A-ZÄÖÜ0-9][\w-]*(?:\s+[A-ZÄÖÜ0-9][\w-]*)?)"
_END = r"(?=\s*(?:[,.;:?!)]|$))"
# A "not" that speaks of its verb ("is not ISO certified") is what is asked. One that tells two names apart stands behind a comma,
# in brackets, or right behind the other name, and its clause ends with the name.
_CONTRAST = re.compile(
    rf"(?:\(|[,;–—]|\s-)\s*(?:(?:and|but|und|aber)\s+)?(?:not|nicht)\s+{_NAME}(?:\s+[a-zäöü][\w-]*)?{_END}(?:\))?"
)
_BEHIND = re.compile(rf"\bnot\s+{_NAME}{_END}")
_INSTEAD = re.compile(rf"\b(?:rather\s+than|instead\s+of)\s+{_NAME}{_END}")
_STATT = re.compile(rf"\b(?:statt|anstatt)\s+{_NAME}{_END}")
_CAPITAL = re.compile(r"(?:^|\s)[A-ZÄÖÜ0-9][\w-]*\s$")
_CODE = re.compile(r"\d|[A-ZÄÖÜ].*[A-ZÄÖÜ]")  # every German noun has a capital
_LOOKED_AT = 60  # characters before a "not"
LACKING = 0.4  # of the best score, for each name
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def excluded(question: str) -> list[str]:
    """The names that the question says it does not mean, as they are written there."""
    return [match.group("name") for match in _found(question)]


def without(question: str) -> str:
    """The question without what it does not mean: neither of the two ways of searching knows a "not". Where it says nothing
    else, it is left as it is.
    """
    left = question
    for match in reversed(_found(question)):
        left = left[: match.start()].rstrip() + left[match.end() :]
    return left.strip() or question


def _found(question: str) -> list[re.Match[str]]:
    """In their order, none inside another."""
    found = [*_CONTRAST.finditer(question), *_INSTEAD.finditer(question)]
    found += [one for one in _BEHIND.finditer(question) if _is_behind_a_name(question, one.start())]
    found += [one for one in _STATT.finditer(question) if _CODE.search(one.group("name"))]
    ordered = sorted(found, key=lambda one: one.start())
    return [one for at, one in enumerate(ordered) if not any(other.end() > one.start() for other in ordered[:at])]


def _is_behind_a_name(question: str, at: int) -> bool:
    return bool(_CAPITAL.search(question[max(0, at - _LOOKED_AT) : at]))


def ordered(question: str, found: Sequence[Passage]) -> list[Passage]:
    """The best first, where each name that a passage lacks costs it a share of the best score: a rule that holds everywhere names
    no place. Those that hold what is not meant are the last.
    """
    refused = {term for name in excluded(question) for term in terms.terms(name)}
    held = [_held(one) for one in found]
    asked = {*names.required(question, [one.text for one in found]), *_YEAR.findall(question)} - refused
    # What stands in every passage, or in none, tells none of them apart.
    telling = {name for name in asked if 0 < sum(name in one for one in held) < len(held)}
    best = max((abs(one.score) for one in found), default=0.0)

    def place(at: int) -> tuple[bool, float]:
        lacks = len(telling - held[at])
        is_refused = bool(held[at] & refused) and bool(lacks or not telling)
        return is_refused, LACKING * best * lacks - found[at].score

    return [found[at] for at in sorted(range(len(found)), key=lambda at: (*place(at), at))]


def _held(one: Passage) -> frozenset[str]:
    return frozenset(terms.terms(one.whole))
