"""Segments: sentences, or what stands for one in lists, tables and code. They are what is checked, cited and
sent.

Where a segment ends depends on the text alone, never on how it arrived: `next_end` says nothing until what
follows can no longer change its answer.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# Characters, about 60 tokens: a longer sentence is cut at a comma or a blank. Each segment is held against the passages by
# itself, and half of a sentence says too little: cut at 160, and the first one at 80, 43 of 254 statements that a small
# model wrote had no support, cut at 240 23 of 168.
LIMIT = 240
_SLACK = 64  # characters: closing signs, citations and blanks after a full stop

# Never the end of a sentence, in English and German, without their last dot.
_SHORT_FORMS = """
mr mrs ms dr prof st rev hon sen gen col capt lt sgt vs cf al approx dept est viz incl excl resp ibid bzw
ca vgl sog ggf evtl inkl zzgl bspw bes insb ing dipl med phil hrsg verf sachb geb gest str jan feb aug
sept oct nov dec okt dez mme mlle
"""
_ABBREVIATIONS = frozenset(_SHORT_FORMS.split())
# Abbreviations only where a number follows: "no. 7" is one, "The answer is no." is not.
_NUMBERED = """
no nos nr fig figs vol p pp s sec art ch eq kap abs abb tel ziff rn par ver bd tab
"""
_BEFORE_NUMBER = frozenset(_NUMBERED.split())
_MONTHS = ("jan", "feb", "m\u00e4r", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez")

# Before a number with a dot these make it an ordinal: "nach der 12. Sitzung".
_BEFORE_ORDINAL = re.compile(
    r"(?i)(?:\A|[\s(])(?:de[rnms]|die|das|am|im|vom|zum|zur|ab|bis|seit|jede[rnms]?|und|\d{1,2}\.)\s+\Z"
)

_END = re.compile(
    r"(?P<stop>[.!?\u2026]{1,8})[\"'\u201d\u2019\u00bb)\]*_`]{0,6}(?:[ ]?\[\d{1,3}\]){0,8}[^\S\n]+(?=\S)"
    r"|(?P<line>[^\S\n]*\n\s*)(?=\S)"
    r"|(?P<wide>[\u3002\uff01\uff1f\uff0e][\u300d\u300f\u201d\uff09]{0,3})"
    r"(?=[^\u3002\uff01\uff1f\u300d\u300f\u201d\uff09])"
)
_CITING = re.compile(r"\[\d{0,3}\]?\Z")
_CITATION = re.compile(r"\[\d{1,3}\]")
_FENCE = re.compile(r"^[ \t]{0,3}(?:```|~~~)", re.MULTILINE)
_LAST_WORD = re.compile(r"[^\s(\[\"'\u201e\u201c*_]{1,40}\Z")
_INITIALS = re.compile(r"\A(?:[^\W\d_]|(?:[^\W\d_]{1,3}\.)+[^\W\d_]{1,3})\Z")
_SHORT_NUMBER = re.compile(r"\A\d{1,2}\Z")
_WORD = re.compile(r"\S+")
_BLANK = re.compile(r"\s+")
_COMMA = re.compile(r"[,;:\u2013\u2014]\s+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fff\u3001-\ufaff]")


class Segment(NamedTuple):
    """`text[start:end]`: the blank after a sentence belongs to it, so that segments put together are the
    text.
    """

    start: int
    end: int


def split(text: str, limit: int = LIMIT) -> list[Segment]:
    """All segments of a whole text."""
    segments: list[Segment] = []
    start, in_code = 0, False
    while start < len(text):
        end = next_end(text, start, limit=limit, in_code=in_code, final=True)
        stop = len(text) if end is None else end
        segments.append(Segment(start, stop))
        in_code = toggles(text[start:stop], in_code)
        start = stop
    return segments


def next_end(text: str, start: int, *, limit: int = LIMIT, in_code: bool = False, final: bool = False) -> int | None:
    """Where the segment that begins at `start` ends; None while text that is still to come could change that.

    With `final` nothing is to come. In code only lines end segments.
    """
    horizon = start + limit
    # Bounded, or a long text without any full stop would be read again for each of its segments.
    for found in _END.finditer(text, start, horizon + _SLACK):
        if found.start() >= horizon:
            break
        verdict = _ends(text, start, found, in_code=in_code, final=final)
        if verdict is None:
            return None
        if verdict:
            return _end_of(found)
    if _WORD.search(text, horizon):
        return _cut(text, start, horizon, final=final)
    return len(text) if final and start < len(text) else None


def toggles(segment: str, in_code: bool) -> bool:
    """Whether code goes on after this segment, given whether it stood in code."""
    return in_code != bool(len(_FENCE.findall(segment)) % 2)


def _end_of(found: re.Match[str]) -> int:
    """After the last line break, so that the indentation of a line stays with it."""
    if found.group("line") is None:
        return found.end()
    return found.start() + found.group().rindex("\n") + 1


def _ends(text: str, start: int, found: re.Match[str], *, in_code: bool, final: bool) -> bool | None:
    """Whether a sentence ends here; None while that cannot be said."""
    if found.group("line") is not None:
        return bool(text[start : found.start()].strip())
    if in_code:
        return False
    if found.group("wide") is not None:
        return True
    following = _WORD.match(text, found.end())
    word = following.group() if following else ""
    open_ended = not final and found.end() + len(word) == len(text)
    if word.startswith("[") and open_ended and _CITING.match(word):
        return None
    if _CITATION.match(word) or word[0].islower():
        return False
    return _sentence_ends(text[start : found.start()], found.group("stop"), word, open_ended)


def _sentence_ends(sentence: str, stop: str, following: str, open_ended: bool) -> bool | None:
    if stop != ".":
        return True
    last = _LAST_WORD.search(sentence)
    if last is None:
        return bool(sentence.strip())
    word = last.group().lower()
    if word in _ABBREVIATIONS or _INITIALS.match(word):
        return False
    if word in _BEFORE_NUMBER:
        return not following[0].isdigit()
    if _SHORT_NUMBER.match(word):
        return _number_ends(sentence[: last.start()], following, open_ended)
    return True


def _number_ends(before: str, following: str, open_ended: bool) -> bool | None:
    """Whether a sentence ends after "12.": not before a month, and not at the head of a list item."""
    if not before.strip(" \t>*-#") or _BEFORE_ORDINAL.search(before):
        return False
    return None if open_ended and len(following) < 3 else following[:3].lower() not in _MONTHS


def _cut(text: str, start: int, horizon: int, *, final: bool) -> int | None:
    """Inside a long sentence: after its last comma, else at its last blank, else at the first blank after the
    horizon.
    """
    commas = [found.end() for found in _COMMA.finditer(text, start + (horizon - start) // 2, horizon)]
    if commas:
        return commas[-1]
    blanks = [found.end() for found in _BLANK.finditer(text, start + 1, horizon)]
    if blanks:
        return blanks[-1]
    for place in range(horizon, start + 1, -1):
        if _UNSPACED.match(text, place - 1):
            return place
    later = _BLANK.search(text, horizon)
    if later is not None and later.end() < len(text):
        return later.end()
    return len(text) if final else None
