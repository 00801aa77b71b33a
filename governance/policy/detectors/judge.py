"""A chat model asked one short question about a text, which it answers by yes or no.

The ground knows no model. Whoever does registers one at start, by `register`; until then, and whenever the model is away,
takes too long or says neither, a text counts as not checked.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from governance.errors import InvalidInput
from governance.policy import invisible
from governance.policy.detectors import stretches
from governance.policy.detectors.base import Detector, Finding, Looked
from governance.sentence import sentence

LONGEST_QUESTION = 300  # characters
STRETCH = 4_000  # characters that the model is shown at once: about a thousand tokens
MOST_STRETCHES = 8
USUAL_S, MOST_S = 10, 25  # the most lies below the engine's own patience


@dataclass(frozen=True)
class Opinion:
    """`model` is the name of the one that was asked."""

    model: str
    is_yes: bool


Judge = Callable[[str, str, float, uuid.UUID | None], Opinion]
_registered: dict[str, Judge] = {}


class TooLong(Exception):
    """More text than a judge is asked about."""


def register(judge: Judge) -> None:
    """`judge` is given the question, a text, how many seconds it has, and whose text it is, where that is known. It raises
    where there is no answer by then.
    """
    _registered["judge"] = judge


class ModelJudge(Detector):
    """Options: `question`, one that yes answers where the rule shall act; `type`, what is found (default "judged");
    `timeout_s`, whole seconds for all of a text (default 10).

    It knows no degrees: yes is a score of 1, for the whole of the text, and no is none. A text that is still being written
    is held back until it is whole.
    """

    name: ClassVar[str] = "judge"
    options: ClassVar[frozenset[str]] = frozenset({"question", "type", "timeout_s"})
    reads_as_seen: ClassVar[bool] = True

    def detect(self, text: str, options: Mapping[str, object]) -> list[Finding]:
        return list(self.look(text, options).findings)

    def look(self, text: str, options: Mapping[str, object], tenant: uuid.UUID | None = None) -> Looked:
        """Raises TooLong, LookupError where no judge is registered, and what that one raises."""
        seen = invisible.see(text) or invisible.Seen(text, range(len(text) + 1))
        spans = stretches.cut(seen.text, STRETCH)
        if len(spans) > MOST_STRETCHES:
            raise TooLong
        question, kind = str(options.get("question", "")), str(options.get("type", "judged"))
        ends = time.monotonic() + _seconds(options)
        findings, model = [], ""
        for start, end in spans:
            opinion = _judge()(question, seen.text[start:end], ends - time.monotonic(), tenant)
            model = opinion.model
            if opinion.is_yes:
                findings.append(Finding(kind, *seen.span(start, end), 1.0, "a model says that it is so"))
        return Looked(findings, model)

    def check(self, options: Mapping[str, object]) -> None:
        super().check(options)
        question = options.get("question", "")
        if not isinstance(question, str) or not question.strip() or len(question) > LONGEST_QUESTION:
            raise InvalidInput(
                sentence("Give one question of at most %(most)s characters.", most=LONGEST_QUESTION),
                param="options.question",
            )
        seconds = options.get("timeout_s", USUAL_S)
        if type(seconds) is not int or not 1 <= seconds <= MOST_S:
            raise InvalidInput(
                sentence("A judge has 1 to %(most)s whole seconds.", most=MOST_S), param="options.timeout_s"
            )
        kind = options.get("type", "judged")
        if not isinstance(kind, str) or not kind.isidentifier():
            raise InvalidInput("Option 'type' must be a name of letters, digits and underscores.", param="options.type")

    def settled(self, text: str, options: Mapping[str, object]) -> int:
        del text, options
        return 0


def _seconds(options: Mapping[str, object]) -> int:
    given = options.get("timeout_s")
    return given if isinstance(given, int) else USUAL_S


def _judge() -> Judge:
    if "judge" not in _registered:
        raise LookupError("no judge is registered")
    return _registered["judge"]
