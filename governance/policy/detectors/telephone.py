"""Telephone numbers: a cheap expression proposes, the numbering plans of `phonenumbers` decide."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping, Sequence

import phonenumbers

from governance.errors import InvalidInput
from governance.policy.detectors.base import Finding, words
from governance.policy.detectors.scan import Expression
from governance.sentence import sentence

DEFAULT_REGIONS = ("DE", "AT", "CH", "FR", "GB", "US")
# Looking a number up costs about 50 µs. A text with more candidates than this is a directory: then the shape
# decides.
MOST_LOOKUPS = 2_000

_INTERNATIONAL = Expression(r"(?:\+|\b00)[1-9][0-9]{0,2}(?:[ .\-/]?\(?[0-9]{1,8}\)?){1,7}")
_NATIONAL = Expression(r"\(?[0-9]{2,5}\)?(?:[ .\-/]{1,3}[0-9]{2,10}){1,5}|\b0[0-9]{8,11}\b")
_CONTEXT = Expression(
    r"(?:\btel(?:ephone|efon)?|phone|mobile?|handy|\bcell|\bfax|\bcall|rufnummer|whatsapp|reach (?:me|us"
    r"|him|her)"
    r"|t\xe9l\xe9phone|portable|hotline|durchwahl|extension)[^\n]{0,25}$",
    ignore_case=True,
)


def regions(options: Mapping[str, object]) -> tuple[str, ...]:
    """Whose national numbers are known; `InvalidInput` for a region that has no numbering plan."""
    if "regions" not in options:
        return DEFAULT_REGIONS
    asked = tuple(words(options, "regions"))
    for region in asked:
        if region not in phonenumbers.SUPPORTED_REGIONS:
            raise InvalidInput(
                sentence(
                    "There is no telephone region %(region)s; use two capital letters, such as DE.", region=repr(region)
                ),
                param="options.regions",
            )
    return asked


def find(folded: bytes, taken: Sequence[tuple[int, int]], known: Sequence[str]) -> list[Finding]:
    """Numbers outside the spans already `taken`. International ones need no context; national ones need a
    word before.
    """
    findings: list[Finding] = []
    lookups = 0
    for candidates, plans, score in ((_international, (), 0.9), (_national, known, 0.85)):
        spans = sorted([*taken, *((one.start, one.end) for one in findings)])
        for start, end in candidates(folded):
            if _overlaps(spans, start, end) or not _free(folded, start, end):
                continue
            lookups += 1
            text = folded[start:end].decode("latin-1")
            length = _length(text, plans) if lookups <= MOST_LOOKUPS else len(text)
            if length:
                reason = "a telephone number of a known plan"
                findings.append(Finding("phone", start, start + length, score, reason))
    return findings


def _international(folded: bytes) -> Iterator[tuple[int, int]]:
    return ((match.start, match.end) for match in _INTERNATIONAL.find(folded))


def _national(folded: bytes) -> Iterator[tuple[int, int]]:
    for match in _NATIONAL.find(folded):
        if _CONTEXT.occurs(folded[max(0, match.start - 40) : match.start]):
            yield match.start, match.end


def _length(text: str, known: Sequence[str]) -> int:
    """How much of `text` is a number: groups at its end may belong to what follows."""
    for _ in range(3):
        if _valid(text, known):
            return len(text)
        shorter = text.rstrip("0123456789()").rstrip(" .-/")
        if not shorter:
            return 0
        text = shorter
    return 0


def _valid(text: str, known: Sequence[str]) -> bool:
    if sum(map(str.isdigit, text)) < 7:
        return False
    for region in known or (None,):
        try:
            number = phonenumbers.parse(f"+{text[2:]}" if not known and text.startswith("00") else text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return True
    return False


def _overlaps(spans: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    place = bisect.bisect_right(spans, (start, end))
    return (place > 0 and spans[place - 1][1] > start) or (place < len(spans) and spans[place][0] < end)


def _free(folded: bytes, start: int, end: int) -> bool:
    before, after = folded[start - 1 : start], folded[end : end + 1]
    return not (before.isalnum() or before in (b"_", b"=", b"+")) and not (after.isalnum() or after == b"_")
