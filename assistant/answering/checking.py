"""What a sentence of an answer stands on, decided before it leaves.

A sentence that the model marked with a passage's number is held against that passage first; where the mark does not hold
and another passage carries the sentence, the citation is moved there. Most sentences carry no mark: the prompt asks for
none. Then the passage that carries the sentence is cited. What no passage carries is unsupported, and its collection's
strictness says whether it leaves.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.conversations import marking
from assistant.models import Support
from ingestion import attribution
from ingestion.attribution import Attribution, neutral
from ingestion.search import Passage

_MARK = re.compile(r"[ \t]*\[(\d{1,2})\]")
_ENDS = re.compile(r"\s*(?:[.,;:!?]|$|\[)")


@dataclass(frozen=True)
class Checked:
    """`text` is the sentence without the model's own marks; `found` are the passages that carry it, the best first."""

    text: str
    support: Support
    found: tuple[Attribution[uuid.UUID], ...] = ()


def check(text: str, passages: Sequence[Passage], *, is_code: bool = False) -> Checked:
    """`passages` are what the model was shown, in the order of the numbers that it may have marked. Code has no marks."""
    if not passages:
        return Checked(text, Support.NEUTRAL)
    marks = [] if is_code else _marks(text, len(passages))
    bare = _without(text, marks)
    if neutral.is_neutral(bare):
        return Checked(bare, Support.NEUTRAL)
    above = {one.chunk_id: one.above for one in passages}
    found = tuple(attribution.attribute(bare, [(one.chunk_id, one.text) for one in passages], contexts=above))
    if not found:
        return Checked(bare, Support.UNSUPPORTED)
    numbers = {int(mark.group(1)) for mark in marks}
    named = {one.chunk_id for number, one in enumerate(passages, 1) if number in numbers}
    if not marks or named & {one.key for one in found}:
        return Checked(bare, Support.SUPPORTED, found)
    return Checked(bare, Support.MOVED, found)


def _marks(text: str, most: int) -> list[re.Match[str]]:
    inside = [match.span() for match in marking.SPAN.finditer(text)]  # an index in code is no mark
    marks = (mark for mark in _MARK.finditer(text) if not any(start <= mark.start() < end for start, end in inside))
    return [mark for mark in marks if 1 <= int(mark.group(1)) <= most or not _is_index(text, mark.start())]


def _is_index(text: str, at: int) -> bool:
    """Written onto a word, and not at the end of a clause, where a number of no passage is the model's invention."""
    is_onto = text[at] == "[" and at > 0 and (text[at - 1].isalnum() or text[at - 1] in "_)]")
    return is_onto and not _ENDS.match(text, text.index("]", at) + 1)


def _without(text: str, marks: Sequence[re.Match[str]]) -> str:
    for mark in reversed(marks):
        text = text[: mark.start()] + text[mark.end() :]
    return text
