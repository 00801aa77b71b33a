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
# A full stop ends a sentence after a word and before a capital: "z. B.", "Dr. Meyer", "Art. 5" and "e.g. hotels" go on.
_JOINT = re.compile(
    r"(?<=[?!])\s+|(?<=[^\W\d_]{4}\.)\s+(?=(?-i:[A-ZÀ-ÖØ-Þ]))"
    rf"|(?:[,;]|(?<!\s))\s+(?:and|und|but|aber)\s+(?:also\s+|auch\s+)?(?=(?:{_ASKS})\b)",
    re.IGNORECASE,
)
# Of a text with single blanks. Both sides are bounded: without an end they took the cube of a question's length.
_COMPARED = re.compile(
    r".*?\b(?:(?:difference|differences|unterschied|unterschiede|vergleich)\b.{0,20}?\b(?:between|zwischen|von|of|in)|compare|vergleiche)"
    r" (?P<one>[^,?]{1,200}?) (?:and|und|with|to|mit|vs\.?|versus) (?P<two>[^,?]{1,200})(?:\?|$)",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:the|a|an|our|der|die|das|dem|den|einem|einer)\s+", re.IGNORECASE)
_IS_ASKED = re.compile(rf"\b(?:{_ASKS})\b", re.IGNORECASE)
One = TypeVar("One")


def split(question: str) -> list[str]:
    """The questions in it, each standing alone; one where it is one."""
    compared = _COMPARED.match(" ".join(question.split()))
    if compared and (sides := _sides(compared["one"], compared["two"])):
        return sides
    found, behind = _apart(question)
    asked: list[str] = []
    for led, part in found[:MOST]:
        asked.append(f"{led} {_leaning(part, asked)}".strip())
    if len(asked) < 2:
        return [question]
    beyond = [text for pair in found[MOST:] for text in pair]
    return [*asked[:-1], " ".join(filter(None, (asked[-1], *beyond, behind)))]


def _apart(question: str) -> tuple[list[tuple[str, str]], str]:
    """Each question with the statements before it, which belong to it ("I lost my laptop. Whom do I tell?"), and those that
    stand behind the last.
    """
    found, led = list[tuple[str, str]](), ""
    for part in filter(None, (part.strip(" ,;") for part in _JOINT.split(question))):
        if _IS_ASKED.search(part) or part.endswith("?"):
            found.append((led, part))
            led = ""
        else:
            led = f"{led} {part}".strip()
    return found, led


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
