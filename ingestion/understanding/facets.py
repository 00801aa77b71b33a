"""Several questions in one: "How long is X valid, and who signs it?" is searched as two, so that neither drowns the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ingestion.search import terms
from ingestion.understanding import followups

MOST = 4
_SHORT = 80  # characters: what is longer is a question by itself
_ASKS = (
    r"what|when|where|who|whom|which|why|how|is|are|do|does|did|can|could|may|must|should|will|by when|until when|since when|"
    r"for how|at what|was|wann|wo|wer|wem|wen|welche[rsmn]?|warum|wie|wieviel|ist|sind|kann|darf|muss|gibt|gilt|bis wann|ab wann|"
    r"für wen|an wen|bei wem"
)
# A full stop ends a sentence after a word and before a capital: "z. B.", "Dr. Meyer", "Art. 5" and "e.g. hotels" go on.
_SENTENCE = re.compile(r"(?<=[?!])\s+|(?<=[^\W\d_]{4}\.)\s+(?=[A-ZÀ-ÖØ-Þ])")
_JOINT = re.compile(
    rf"(?:(?P<comma>[,;])|(?<!\s))\s+(?:and|und|but|aber)\s+(?:also\s+|auch\s+)?(?=(?:{_ASKS})\b)", re.IGNORECASE
)
# Of a sentence with single blanks, to its end. Both sides are bounded: without an end they took the cube of a question's length.
_COMPARED = re.compile(
    r"\b(?:(?:difference|differences|unterschied|unterschiede|vergleich)\b.{0,20}?\b(?:between|zwischen|von|of|in)"
    r"|(?:^|(?<=^please )|(?<=^bitte )|(?<=\byou ))(?:compare|vergleichen?(?: sie)?))"
    r" (?P<one>[^,?]{1,200}?) (?:and|und|with|to|mit|vs\.?|versus) (?P<two>[^,?]{1,200}?)[?.]?$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:the|a|an|our|der|die|das|dem|den|einem|einer)\s+", re.IGNORECASE)
_IS_ASKED = re.compile(rf"\b(?:{_ASKS})\b", re.IGNORECASE)
One = TypeVar("One")


@dataclass(frozen=True)
class _Asked:
    """One question, the statements `led` before it, and the comparison that it is a side of."""

    text: str
    led: str = ""
    compared: str = ""

    @property
    def as_said(self) -> str:
        return f"{self.led} {self.compared or self.text}".strip()


def split(question: str) -> list[str]:
    """The questions in it, each standing alone; one where it is one."""
    found, behind = _apart(question)
    if len(found) < 2:
        return [question]
    asked = [
        f"{one.led} {one.text if one.compared else _leaning(one.text, found[:at])}".strip()
        for at, one in enumerate(found[:MOST])
    ]
    beyond = [text for one in found[MOST:] for text in (one.led, one.text)]
    return [*asked[:-1], " ".join(filter(None, (asked[-1], *beyond, behind)))]


def _apart(question: str) -> tuple[list[_Asked], str]:
    """Each question with the statements before it, which belong to it ("I lost my laptop. Whom do I tell?"), and those that
    stand behind the last.
    """
    found, led = list[_Asked](), ""
    for part in filter(None, (part.strip() for sentence in _SENTENCE.split(question) for part in _parts(sentence))):
        if sides := _sides(part):
            found += [_Asked(side, led, part) for side in sides]
            led = ""
        elif _IS_ASKED.search(part) or part.endswith("?"):
            found.append(_Asked(part, led))
            led = ""
        else:
            led = f"{led} {part}".strip()
    return found, led


def _parts(part: str) -> list[str]:
    """Of a sentence, cut where "and" begins a question, and what stands before it is one; a comparison is left whole."""
    found, start = list[str](), 0
    for joint in () if _comparison(part) else _JOINT.finditer(part):
        text = part[start : joint.start()]
        if len(text) > _SHORT or not _is_broken_off(text, has_comma=bool(joint["comma"])):
            found.append(text)
            start = joint.end()
    return [one.strip(" ,;") for one in (*found, part[start:])]


def _is_broken_off(text: str, *, has_comma: bool) -> bool:
    """ "How" of "How and when is it paid?" and "Which forms" of "Which forms and which receipts do I need?" ask nothing yet."""
    told = followups.telling(text)
    if not told:
        return not (has_comma and followups.has_verb(text))
    return len(told) == 1 and not has_comma and not followups.has_verb(text)


def _comparison(part: str) -> re.Match[str] | None:
    return _COMPARED.search(" ".join(part.split()))


def _sides(part: str) -> list[str]:
    """Both sides of what is compared, each with what was said before: "For contractors, what is the difference …". What stands
    behind the second name belongs to the first too: "Gold and Platinum plan".
    """
    found = _comparison(part)
    if not found or not (terms.terms(found["one"]) and terms.terms(found["two"])):
        return []
    before, *asked = _IS_ASKED.split(found.string[: found.start()], maxsplit=1)
    around = before.split() if asked and followups.telling(before) else []
    first, second = (_ARTICLE.sub("", found[side].strip()).split() for side in ("one", "two"))
    sides = [*first, *second[len(first) :]], [*_shared(first, second), *second]
    return [" ".join([*around, *side]) for side in sides]


def _shared(first: Sequence[str], second: Sequence[str]) -> Sequence[str]:
    """What stands before the first name belongs to the second too: "the price of an FM40 and an FM45"."""
    return first[: len(first) - len(second)] if len(first) > len(second) else ()


def _leaning(part: str, before: Sequence[_Asked]) -> str:
    """A later part leans on the first: "and who signs it?"."""
    if not before:
        return part
    turn = followups.Turn(before[0].as_said)
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
