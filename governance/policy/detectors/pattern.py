"""Rules that operators write: words and RE2 expressions."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, ClassVar

import re2  # type: ignore[import-untyped, unused-ignore]

from governance.errors import InvalidInput
from governance.policy.detectors.base import Detector, Finding, words
from governance.sentence import sentence

LONGEST_EXPRESSION = 1_000  # characters
MOST_EXPRESSIONS = 100
MOST_ENTRIES = 5_000
LONGEST_WORD = 200
LONGEST_TYPE = 40
EXPRESSION_BYTES = 1 << 20  # what one compiled expression may take; "(a{1000}){1000}" would take a million states
LIST_BYTES = 1 << 25
DEFAULT_REACH = 200  # characters


class Pattern(Detector):
    """Options: `words` (whole words or phrases), `expressions` (RE2), `case` (true: upper and lower case
    differ), `type` (the name of what is found, default "pattern"), `reach` (the longest match of an
    expression in characters, default 200: a streamed answer is held back by as much, and stops when a match
    turns out longer).
    """

    name: ClassVar[str] = "pattern"
    options: ClassVar[frozenset[str]] = frozenset({"words", "expressions", "case", "type", "reach"})

    def detect(self, text: str, options: Mapping[str, object]) -> list[Finding]:
        kind = str(options.get("type", "pattern"))
        case = bool(options.get("case", False))
        findings = [
            Finding(kind, start, end, 1.0, "a word on the list of this rule")
            for start, end in _spans(_phrases(tuple(words(options, "words")), case), text)
            if _stands_alone(text, start, end)
        ]
        for source in words(options, "expressions"):
            spans = _spans(_compiled(source, case), text)
            findings += [Finding(kind, start, end, 1.0, "an expression of this rule") for start, end in spans]
        return sorted(findings, key=lambda finding: finding.start)

    def check(self, options: Mapping[str, object]) -> None:
        super().check(options)
        case = options.get("case", False)
        if not isinstance(case, bool):
            raise InvalidInput("Option 'case' must be true or false.", param="options.case")
        kind = options.get("type", "pattern")
        if not isinstance(kind, str) or not kind.isidentifier() or len(kind) > LONGEST_TYPE:
            raise InvalidInput("Option 'type' must be a name of letters, digits and underscores.", param="options.type")
        _reach(options)
        listed, expressions = words(options, "words"), words(options, "expressions")
        if not listed and not expressions:
            raise InvalidInput("A pattern rule needs words or expressions to look for.", param="options.words")
        _check_words(listed, case)
        if len(expressions) > MOST_EXPRESSIONS:
            raise InvalidInput(
                sentence("Give at most %(most)s expressions.", most=MOST_EXPRESSIONS), param="options.expressions"
            )
        for source in expressions:
            _check_expression(source)

    def settled(self, text: str, options: Mapping[str, object]) -> int:
        """Words are as long as they are; an expression may reach as far as the rule says. One more for the
        right edge.
        """
        held = max((len(word) for word in words(options, "words")), default=0)
        if options.get("expressions"):
            held = max(held, _reach(options))
        return max(len(text) - held - 1, 0)


def _check_words(listed: list[str], case: bool) -> None:
    if len(listed) > MOST_ENTRIES or any(not word.strip() for word in listed):
        raise InvalidInput(
            sentence("Give at most %(most)s words, none of them empty.", most=MOST_ENTRIES), param="options.words"
        )
    if any(len(word) > LONGEST_WORD for word in listed):
        raise InvalidInput(
            sentence("A word or phrase has at most %(most)s characters.", most=LONGEST_WORD), param="options.words"
        )
    try:
        _phrases(tuple(listed), case)
    except InvalidInput:
        raise InvalidInput(
            "The words are too many and too long. Make two rules of them.", param="options.words"
        ) from None


def _check_expression(source: str) -> None:
    if len(source) > LONGEST_EXPRESSION:
        raise InvalidInput(
            sentence("An expression may have at most %(most)s characters.", most=LONGEST_EXPRESSION),
            param="options.expressions",
        )
    if _compiled(source, True).search("") is not None:
        raise InvalidInput(
            sentence(
                "The expression %(source)s matches the empty text, so it would match everything.", source=repr(source)
            ),
            param="options.expressions",
        )


def _reach(options: Mapping[str, object]) -> int:
    reach = options.get("reach", DEFAULT_REACH)
    if not isinstance(reach, int) or isinstance(reach, bool) or not 1 <= reach <= 1_000:
        raise InvalidInput(
            "Option 'reach' must be a whole number of characters between 1 and 1,000.", param="options.reach"
        )
    return reach


@functools.lru_cache(maxsize=512)
def _compiled(source: str, case: bool, most_bytes: int = EXPRESSION_BYTES) -> Any:
    options = re2.Options()
    options.case_sensitive = case
    options.max_mem = most_bytes
    options.log_errors = False
    try:
        return re2.compile(source, options=options)
    except re2.error as fault:
        raise InvalidInput(
            sentence("The expression %(source)s cannot be read: %(said)s.", source=repr(source), said=_said(fault)),
            param="options.expressions",
        ) from None


@functools.lru_cache(maxsize=64)
def _phrases(listed: tuple[str, ...], case: bool) -> Any:
    """One expression for the whole list, the longest first so that a phrase wins over its first word."""
    if not listed:
        return None
    return _compiled("|".join(re2.escape(word) for word in sorted(listed, key=len, reverse=True)), case, LIST_BYTES)


def _spans(expression: Any, text: str) -> list[tuple[int, int]]:
    if expression is None:
        return []
    return [found.span() for found in expression.finditer(text) if found.end() > found.start()]


def _stands_alone(text: str, start: int, end: int) -> bool:
    """RE2's own word border knows ASCII only, and these lists are in every language."""
    before = start == 0 or not (text[start - 1].isalnum() and text[start].isalnum())
    after = end == len(text) or not (text[end - 1].isalnum() and text[end].isalnum())
    return before and after


def _said(fault: Exception) -> str:
    said = fault.args[0] if fault.args else "not an RE2 expression"
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
