"""One way to run patterns: RE2, so that hostile text costs linear time, over one byte a character.

RE2 works on bytes. Text is folded to Latin-1 first, character by character, so that offsets stay those of the
text and typographic blanks, dashes, quotes and full-width digits cannot hide a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import re2  # type: ignore[import-untyped, unused-ignore]

OTHER = "\x01"  # stands for every character that Latin-1 has not

_FOLD = {
    **dict.fromkeys((0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " "),
    **dict.fromkeys((*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFE63, 0xFF0D), "-"),
    **dict.fromkeys((0x2018, 0x2019, 0x201A, 0x2032), "'"),
    **dict.fromkeys((0x201C, 0x201D, 0x201E, 0x2033), '"'),
    **{0xFF10 + digit: str(digit) for digit in range(10)},
    **{0xFF21 + letter: chr(65 + letter) for letter in range(26)},
    **{0xFF41 + letter: chr(97 + letter) for letter in range(26)},
    0xFF0B: "+",
    0xFF20: "@",
}
_UNKNOWN = re.compile(r"[^\x00-\xff]")


class Match(NamedTuple):
    """`start` and `end` of the whole match; `inner` is the span of the first group, or of the whole without
    one.
    """

    start: int
    end: int
    inner: tuple[int, int]


class Expression:
    """A compiled RE2 expression over folded text."""

    def __init__(self, pattern: str, *, ignore_case: bool = False) -> None:
        self.source, self.ignore_case = pattern.encode("latin-1"), ignore_case
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.case_sensitive = not ignore_case
        options.log_errors = False
        self._compiled: Any = re2.compile(self.source, options=options)
        self._grouped = bool(self._compiled.groups)

    def find(self, folded: bytes) -> Iterator[Match]:
        """All matches, left to right, none overlapping."""
        for found in self._compiled.finditer(folded):
            whole = found.span()
            inner = self._first_group(found) if self._grouped else whole
            yield Match(whole[0], whole[1], inner)

    def occurs(self, folded: bytes) -> bool:
        return self._compiled.search(folded) is not None

    def _first_group(self, found: Any) -> tuple[int, int]:
        for number in range(1, self._compiled.groups + 1):
            span: tuple[int, int] = found.span(number)
            if span[0] >= 0:
                return span
        whole: tuple[int, int] = found.span()
        return whole


class Sieve:
    """Which of many expressions may have a match in a text, by one look at it instead of one for each."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.log_errors = False
        options.max_mem = 64 << 20
        self._set = re2.Set.SearchSet(options)
        for expression in expressions:
            self._set.Add(b"(?i:%s)" % expression.source if expression.ignore_case else expression.source)
        self._all = frozenset(range(len(expressions)))
        self._last = self._set.Add(b"")  # is always found: where it is not, RE2 ran out of room, and that tells nothing
        self._set.Compile()

    def may_match(self, folded: bytes) -> frozenset[int]:
        """Their places in the order they were given in."""
        found = frozenset(self._set.Match(folded))
        return found & self._all if self._last in found else self._all


def fold(text: str) -> bytes:
    """One byte for each character of `text`."""
    if text.isascii():
        return text.encode("ascii")
    return _UNKNOWN.sub(OTHER, text.translate(_FOLD)).encode("latin-1")
