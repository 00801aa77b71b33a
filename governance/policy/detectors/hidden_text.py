"""Signs that a reader does not see and a model reads: tags that spell out words, zero-width signs inside words, and marks
that turn the writing direction around.

Where a script needs such signs they are left alone: joiners among Arabic, Persian and Indic letters and in emoji, marks
of direction in a text that holds letters written from right to left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from governance.policy.detectors.base import Detector, Finding

# Tags spell out ASCII that no reader sees; flags of regions use them too, after a black flag.
TAGS = re.compile(r"(?<!\U0001f3f4)(?<![\U000e0000-\U000e007f])[\U000e0000-\U000e007f]{3,200}")
INVISIBLE = re.compile(r"[\u200b\u200c\u2060-\u2064\ufeff]{6,200}")
# Variation selectors can carry a byte each; an emoji needs one.
_SELECTORS = re.compile(r"[\ufe00-\ufe0f\U000e0100-\U000e01ef]{3,200}")
_INSIDE_WORD = re.compile(r"(?<=[A-Za-z0-9])[\u200b-\u200d\u2060-\u2064\ufeff]{1,5}(?=[A-Za-z0-9])")
_OVERRIDE = re.compile(r"[\u202d\u202e]")
_EMBEDDING = re.compile(r"[\u202a\u202b\u2066-\u2068]")
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")

NEAR = 100  # characters around a mark of direction in which a letter may explain it

_SIGNS = (
    ("tag", TAGS, 1.0, "text in characters nobody sees"),
    ("tag", _SELECTORS, 0.9, "a run of variation selectors, which can carry text"),
    ("zero_width", INVISIBLE, 0.8, "a run of invisible characters"),
    ("zero_width", _INSIDE_WORD, 0.6, "an invisible character inside a word"),
)
_TURNS = (
    ("bidi", _OVERRIDE, 0.9, "a sign that turns the writing direction around"),
    ("bidi", _EMBEDDING, 0.6, "a mark of direction where no text runs from right to left"),
)


class HiddenText(Detector):
    """Option: `types`, to look for some only."""

    name: ClassVar[str] = "hidden_text"
    types: ClassVar[frozenset[str]] = frozenset({"tag", "zero_width", "bidi"})
    options: ClassVar[frozenset[str]] = frozenset({"types"})

    def detect(self, text: str, options: Mapping[str, object]) -> list[Finding]:
        if text.isascii():
            return []
        wanted = self.wanted(options)
        return sorted((one for one in _all(text) if one.type in wanted), key=lambda one: (one.start, one.end))

    def settled(self, text: str, options: Mapping[str, object]) -> int:
        """A run that reaches the end may go on, and the next sign may show that a word does."""
        return max(0, len(text) - 201)


def _all(text: str) -> Iterator[Finding]:
    for kind, expression, score, reason in (*_SIGNS, *_TURNS):
        for found in expression.finditer(text):
            if kind == "bidi" and _RIGHT_TO_LEFT.search(text, max(0, found.start() - NEAR), found.end() + NEAR):
                continue
            yield Finding(kind, found.start(), found.end(), score, reason)
