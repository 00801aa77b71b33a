"""Sentences that the check was not set by: of FAQs that nothing else here asks, in four languages, and how each is denied.

A sentence stands beside its own answer and the four of the same FAQ that share most of its terms, as if they had been found.
"""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.faqs import material, packages

if TYPE_CHECKING:
    from ingestion.search import Passage

FAQS = ("django", "ffmpeg", "debian-it", "debian-nl", "debian-fr")
LONGEST = 1_100  # characters of a passage
BESIDE = 4


@dataclass(frozen=True)
class Denial:
    """What a sentence is denied by: after `verb`, or around it as `shape` says."""

    verb: re.Pattern[str]
    shape: str
    held: re.Pattern[str]


def _denial(verbs: str, shape: str, held: str) -> Denial:
    return Denial(re.compile(rf"\b(?P<verb>{verbs})\b"), shape, re.compile(held, re.IGNORECASE))


DENIALS = {
    "en": _denial(
        "is|are|was|were|can|may|must|should|will|has to be|have to be", "{} not", r"\b(?:not?|never)\b|n['’]t"
    ),
    "de": _denial(
        "ist|sind|war|kann|können|darf|dürfen|muss|müssen|soll|sollte|wird|werden",
        "{} nicht",
        r"\b(?:nicht|kein\w*|nie)\b",
    ),
    "fr": _denial("peut|peuvent|doit|doivent|sont|sera|seront", "ne {} pas", r"\b(?:ne|pas|aucun\w*|jamais)\b|\bn['’]"),
    "it": _denial("è|sono|può|possono|deve|devono|viene|vengono", "non {}", r"\b(?:non|nessun\w*|mai)\b"),
    "nl": _denial("is|zijn|kan|kunnen|moet|moeten|wordt|worden|zal|zullen", "{} niet", r"\b(?:niet|geen|nooit)\b"),
}


def denied(sentence: str, language: str) -> str:
    """The sentence with a "not" in it; empty where it has one, or no place for one."""
    way = DENIALS.get(language)
    if way is None or way.held.search(sentence):
        return ""
    found = way.verb.search(sentence)
    return f"{sentence[: found.start()]}{way.shape.format(found['verb'])}{sentence[found.end() :]}" if found else ""


def sentences(chance: random.Random) -> Iterator[tuple[str, str, tuple[Passage, ...]]]:
    """(sentence, language, passages), the first of which it is from; one of each answer."""
    for faq in (one for one in material.FAQS if one.name in FAQS):
        try:
            entries = faq.entries()
        except packages.NotThere as fault:
            print(f"{faq.name}: left out, {fault}")
            continue
        passages = [_passage(number, entry.id, entry.answer) for number, entry in enumerate(entries)]
        for at, one in enumerate(passages):
            if plain := _plain(one.text):
                yield chance.choice(plain), faq.language, (one, *_beside(at, passages))


def _plain(text: str) -> list[str]:
    from ingestion.attribution import neutral
    from ingestion.cutting import blocks

    spans = [two for unit in blocks.units(text) for two in blocks.sentences(text, unit)]
    said = [text[two.start : two.end] for two in spans]
    kept = [one for one in said if 50 <= len(one) <= 260 and one.rstrip().endswith(".") and "|" not in one]
    return [one for one in kept if not neutral.is_neutral(one)]


def _beside(at: int, passages: Sequence[Passage]) -> list[Passage]:
    from ingestion.search import terms

    held = [set(terms.terms(one.text)) for one in passages]
    others = [other for other in range(len(passages)) if other != at]
    others.sort(key=lambda other: (-len(held[at] & held[other]), other))
    return [passages[other] for other in others[:BESIDE]]


def _passage(number: int, name: str, text: str) -> Passage:
    from ingestion.search import Passage

    key = uuid.UUID(int=number + 1)
    return Passage(key, key, f"{name}.md", key, key, 0, text[:LONGEST], (), {}, "")
