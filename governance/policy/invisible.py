"""Signs that nobody sees: between the letters of a number they would hide it from every detector.

Soft hyphens, joiners, marks of the writing direction, variation selectors and tags. What a person reads is the text
without them, so that is looked at too, and what is found there is told in places of the text as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)


@dataclass(frozen=True)
class Seen:
    """`places` says of each sign of `text`, and of its end, where it stands in what it was taken from."""

    text: str
    places: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        return self.places[start], self.places[end - 1] + 1 if end > start else self.places[start]


def see(text: str) -> Seen | None:
    """The text as it is read; None where all of it is seen."""
    if text.isascii() or _UNSEEN.search(text) is None:
        return None
    places = [place for place, sign in enumerate(text) if not _UNSEEN.match(sign)]
    return Seen("".join(text[place] for place in places), [*places, len(text)])
