"""Every text counts: for rules that decide by where a text is from, and not by what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from governance.policy.detectors.base import Detector, Finding


class EveryText(Detector):
    """Without options. What is found is the first sign that is no blank: a text that is still being written is judged at once,
    and once.
    """

    name: ClassVar[str] = "every_text"
    reads_as_seen: ClassVar[bool] = True
    finds_all: ClassVar[bool] = True

    def detect(self, text: str, options: Mapping[str, object]) -> list[Finding]:
        del options
        start = len(text) - len(text.lstrip())
        return [Finding("text", start, start + 1, 1.0, "every text counts")] if start < len(text) else []

    def settled(self, text: str, options: Mapping[str, object]) -> int:
        del options
        return len(text)
