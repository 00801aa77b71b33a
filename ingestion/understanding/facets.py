"""Several questions in one: "How long is X valid, and who signs it?" is searched as two, so that neither drowns the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from ingestion.search import terms
from ingestion.understanding import followups

MOST = 4
_ASKS = (
    r"what|when|where|who|whom|which|why|how|is|are|do|does|did|can|could|may|must|should|will|by when|until when|since when|"
    r"for how|at what|was|wann|wo|wer|wem|wen|welche[rsmn]?|warum|wie|wieviel|ist|sind|kann|darf|muss|gibt|gilt|bis wann|ab wann|"
    r"für wen|an wen|bei wem"
)
_JOINT = re.compile(
    rf"(?<=[?!])\s+|(?<=\.)\s+(?=\S)|[,;]?\s+(?:and|und|but|aber)\s+(?:also\s+|auch\s+)?(?=(?:{_ASKS})\b)",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    r".*?\b(?:(?:difference|differences|unterschied|unterschiede|vergleich)\b.{0,20}?\b(?:between|zwischen|von|of|in)|compare|vergleiche)"
    r"\s+(?P<one>[^,?]+?)\s+(?:and|und|with|to|mit|vs\.?|versus)\s+(?P<two>[^,?]+)(?:\?|$)",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:the|a|an|our|der|die|das|dem|den|einem|einer)\s+", re.IGNORECASE)
_IS_ASKED = re.compile(rf"\b(?:{_ASKS})\b", re.IGNORECASE)
One = TypeVar("One")


def split(question: str) -> list[str]:
    """The questions in it, each standing alone; one where it is one."""
    compared = _COMPARED.match(question.strip())
    if compared and (sides := _sides(compared["one"], compared["two"])):
        return sides
    asked: list[str] = []
    led = ""  # a statement before a question belongs to it: "I lost my laptop. Whom do I tell?"
    for part in filter(None, (part.strip(" ,;") for part in _JOINT.split(question))):
        if not _IS_ASKED.search(part) and not part.endswith("?"):
            led = f"{led} {part}".strip()
            continue
        whole = f"{led} {part}".strip() if led and not asked else part
        asked.append(_leaning(whole, asked))
    return asked[:MOST] if len(asked) > 1 else [question]


def _sides(one: str, two: str) -> list[str]:
    """Both sides of a comparison; what stands behind the second name belongs to the first too: "Gold and Platinum plan"."""
    first, second = _ARTICLE.sub("", one.strip()).split(), _ARTICLE.sub("", two.strip()).split()
    if not (terms.terms(one) and terms.terms(two)):
        return []
    return [" ".join([*first, *second[len(first) :]]), " ".join([*_shared(first, second), *second])]


def _shared(first: Sequence[str], second: Sequence[str]) -> Sequence[str]:
    """What stands before the first name belongs to the second too: "the price of an FM40 and an FM45"."""
    return first[: len(first) - len(second)] if len(first) > len(second) else ()


def _leaning(part: str, before: Sequence[str]) -> str:
    """A later part leans on the first: "and who signs it?"."""
    if not before:
        return part
    turn = followups.Turn(before[0])
    held = followups.standalone(part, [turn])
    return held or (followups.attached(part, turn) if len(terms.terms(part)) <= 2 else None) or part


def merge(found: Sequence[Sequence[One]], most: int) -> list[One]:
    """Turn and turn about, nothing twice: the best of each part comes before the second of any."""
    kept: list[One] = []
    for place in range(max(map(len, found), default=0)):
        for part in found:
            if place < len(part) and part[place] not in kept:
                kept.append(part[place])
    return kept[:most]
