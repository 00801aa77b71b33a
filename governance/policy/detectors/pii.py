"""Structured personal data: numbers whose form, checksum or neighbouring words say what they are. No names,
no model.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from governance.policy.detectors import identifiers, telephone
from governance.policy.detectors.base import Detector, Finding
from governance.policy.detectors.scan import Expression, fold

CONTEXT = 60  # characters before a candidate in which a word may say what it is
WITH_CONTEXT = 0.95
# Groups of an account number, also of one that is written wrongly, may by themselves have a card's checksum.
_WITHIN_ACCOUNT = re.compile(rb"\b[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]{4}){0,5}[ -]?\Z")


class PersonalData(Detector):
    """Options: `types`, to look for some only (`ip_address` only when named); `regions`, whose telephone
    numbers are known without a country code (default: DE, AT, CH, FR, GB, US).
    """

    name: ClassVar[str] = "pii"
    types: ClassVar[frozenset[str]] = frozenset({*(kind.type for kind in identifiers.KINDS), "phone"})
    options: ClassVar[frozenset[str]] = frozenset({"types", "regions"})

    def detect(self, text: str, options: Mapping[str, object]) -> list[Finding]:
        wanted = frozenset(self.wanted(options))
        if "types" not in options:
            wanted -= {"ip_address"}
        folded = fold(text)
        findings = [finding for kind in identifiers.KINDS if kind.type in wanted for finding in _of_kind(kind, folded)]
        if "phone" in wanted:
            taken = sorted((finding.start, finding.end) for finding in findings)
            findings += telephone.find(folded, taken, telephone.regions(options))
        return sorted(findings, key=lambda finding: (finding.start, finding.end))

    def check(self, options: Mapping[str, object]) -> None:
        super().check(options)
        telephone.regions(options)


def _of_kind(kind: identifiers.Kind, folded: bytes) -> Iterator[Finding]:
    for match in _expression(kind).find(folded):
        start, end = match.inner
        candidate = folded[start:end].decode("latin-1")
        length = kind.check(candidate)
        if not length or not stands_alone(folded, start, start + length):
            continue
        if kind.type == "payment_card" and _WITHIN_ACCOUNT.search(folded, max(0, start - 32), start):
            continue
        score, reason = _scored(kind, folded, start)
        if score > 0:
            yield Finding(kind.type, start, start + length, score, reason)


def _scored(kind: identifiers.Kind, folded: bytes, start: int) -> tuple[float, str]:
    context = _context(kind.context) if kind.context else None
    if context is not None and context.occurs(folded[max(0, start - CONTEXT) : start]):
        return max(WITH_CONTEXT, kind.bare), f"{kind.reason}, after a word that says so"
    return kind.bare, kind.reason


def stands_alone(folded: bytes, start: int, end: int) -> bool:
    """Not a part of a longer word or number, such as a version, a decimal or a path."""
    before, after = (
        folded[max(0, start - 2) : start].decode("latin-1"),
        folded[end : end + 2].decode("latin-1"),
    )
    if before and (before[-1].isalnum() or before[-1] == "_"):
        return False
    if after and (after[0].isalnum() or after[0] == "_"):
        return False
    glued_before = len(before) == 2 and before[1] in ".,-/" and before[0].isalnum()
    glued_after = len(after) == 2 and after[0] in ".,-/" and after[1].isalnum()
    return not glued_before and not glued_after


@functools.cache
def _expression(kind: identifiers.Kind) -> Expression:
    return Expression(kind.pattern, ignore_case=kind.ignore_case)


@functools.cache
def _context(pattern: str) -> Expression:
    return Expression(pattern, ignore_case=True)
