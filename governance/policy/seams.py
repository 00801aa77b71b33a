"""Where a text that is still growing can be cut without cutting a finding in two.

Detectors of credentials and of structured numbers promise: a finding never reaches across a *break*, and what
stands after a break never changes a finding before it. Inside a finding a blank only joins groups of a number
("DE89 3704 0044"), so a blank between two words without a digit is a break. Scripts that are written without
blanks break everywhere.
"""

from __future__ import annotations

import re

_SENTENCE_END = re.compile(r"[.!?:;…][)\"'\u201d\u2019\u00bb\]]*\Z")
_ORDINAL = re.compile(r"\A\d{1,2}\.\Z")
_CAPITAL_GROUP = re.compile(r"\A[A-Z]{1,4}\Z")
_DIGIT = re.compile(r"\d")
_BLANK = re.compile(r"\s+")
_WORD = re.compile(r"\S*")
# Thai to Lao, Burmese, Khmer, and everything from the CJK radicals up to the compatibility ideographs.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fff\u3001-\ufaff]")


def joins(left: str, right: str) -> bool:
    """Whether a blank between these two words may lie inside a finding."""
    if _SENTENCE_END.search(left) and not _ORDINAL.match(left):
        return False
    if _DIGIT.search(left) or _DIGIT.search(right):
        return True
    return bool(_CAPITAL_GROUP.match(left) and _CAPITAL_GROUP.match(right))


def last_break(text: str) -> int:
    """The last place in `text` that is a break whatever follows: 0 when there is none."""
    end = len(text)
    while end > 0:
        start = end
        while start > 0 and not text[start - 1].isspace():
            if _UNSPACED.match(text, start - 1):
                return start
            start -= 1
        word = text[start:end]
        blank_end = start
        while start > 0 and text[start - 1].isspace():
            start -= 1
        if start == blank_end:
            return 0
        complete = end < len(text)
        if _is_break(text, start, blank_end, word if complete else None):
            return blank_end
        end = start
    return 0


def first_break(text: str, start: int) -> int:
    """The first break at or after `start`: a place from which detectors see what they would see in the whole
    text.
    """
    for blank in _BLANK.finditer(text, start):
        following = _WORD.match(text, blank.end())
        if _is_break(text, blank.start(), blank.end(), following.group() if following else ""):
            return blank.end()
    return len(text)


def _is_break(text: str, start: int, end: int, right: str | None) -> bool:
    """Whether the blank `text[start:end]` is a break; `right` is None while the next word may grow."""
    if "\n" in text[start:end]:
        return True
    before = start
    # A word longer than this is no group of a number, and looking further would be quadratic on hostile text.
    while before > 0 and start - before < 64 and not text[before - 1].isspace():
        before -= 1
    left = text[before:start]
    if right is None:
        return bool(_SENTENCE_END.search(left)) and not _ORDINAL.match(left)
    return not joins(left, right)
