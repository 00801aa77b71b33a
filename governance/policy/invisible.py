"""The text as a person reads it: what would hide a number from every detector taken away.

Signs that nobody sees (soft hyphens, joiners, marks of the writing direction, variation selectors, tags, strokes that are
put over a letter) are left out, and signs that look like others become those (`lookalikes`). Detectors look at that too,
and what is found there is told in places of the text as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from governance.policy import lookalikes

_UNSEEN = re.compile(
    "[\u00ad\u0300-\u036f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
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
    if text.isascii():
        return None
    if _UNSEEN.search(text) is None:
        plain = lookalikes.flatten(text)
        return None if plain == text else Seen(plain, range(len(text) + 1))
    places = [place for place, sign in enumerate(text) if not _UNSEEN.match(sign)]
    return Seen(lookalikes.flatten("".join(text[place] for place in places)), [*places, len(text)])
