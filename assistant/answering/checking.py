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

from assistant.models import Support
from ingestion import attribution
from ingestion.attribution import Attribution
from ingestion.search import Passage

_MARK = re.compile(r"[ \t]*\[(\d{1,2})\]")


@dataclass(frozen=True)
class Checked:
    """`text` is the sentence without the model's own marks; `found` are the passages that carry it, the best first."""

    text: str
    support: Support
    found: tuple[Attribution[uuid.UUID], ...] = ()


def check(text: str, passages: Sequence[Passage]) -> Checked:
    """`passages` are what the model was shown, in the order of the numbers that it may have marked."""
    named = [int(number) for number in _MARK.findall(text)]
    bare = _MARK.sub("", text) if named else text
    if not passages or attribution.is_neutral(bare):
        return Checked(bare, Support.NEUTRAL)
    above = {one.chunk_id: one.above for one in passages}
    found = tuple(attribution.attribute(bare, [(one.chunk_id, one.text) for one in passages], contexts=above))
    if not found:
        return Checked(bare, Support.UNSUPPORTED)
    marked = {passages[number - 1].chunk_id for number in named if 1 <= number <= len(passages)}
    if not named or marked & {one.key for one in found}:
        return Checked(bare, Support.SUPPORTED, found)
    return Checked(bare, Support.MOVED, found)
