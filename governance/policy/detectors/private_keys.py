"""Private keys span lines, so one cannot be found by a single expression in linear time: heads and feet are
paired.
"""

from __future__ import annotations

import bisect
import re

LONGEST = 20_000  # characters; a 16,384-bit RSA key in PEM has about 12,700

_HEAD = re.compile(
    r"-----BEGIN[ \n](?:[A-Z0-9]{1,20}[ \n>]{1,6}){0,4}PRIVATE[ \n>]{1,6}KEY(?: BLOCK)?-----|PuTTY-User-Key-File-[1-9]:"
)
_FOOT = re.compile(r"-----END[ \n](?:[A-Z0-9]{1,20}[ \n>]{1,6}){0,4}PRIVATE[ \n>]{1,6}KEY(?: BLOCK)?-----|Private-MAC:")
_BEGUN = re.compile(r"-----BEGIN[A-Z0-9 \n>]{0,100}-{0,5}\Z|PuTTY-User-Key-File-?[1-9]?\Z")
# A head in a manual is followed by dots or words, a real one by at least one long line of base64.
_BODY = re.compile(r"[A-Za-z0-9+/]{38,}")


def blocks(text: str) -> list[tuple[int, int]]:
    """The spans of private keys. One whose foot is missing reaches as far as a key may be long."""
    feet = [found.span() for found in _FOOT.finditer(text)]
    runs = [found.span() for found in _BODY.finditer(text)]
    spans: list[tuple[int, int]] = []
    for head in _HEAD.finditer(text):
        if spans and head.start() < spans[-1][1]:
            continue
        end = _end(feet, head.end(), len(text))
        if _holds_body(runs, head.end(), end):
            spans.append((head.start(), end))
    return spans


def open_from(text: str) -> int:
    """Where a key begins of which the end may still come: `len(text)` when there is none."""
    feet = [found.span() for found in _FOOT.finditer(text)]
    for head in _HEAD.finditer(text, max(0, len(text) - LONGEST - 200)):
        limit = head.end() + LONGEST
        if limit > len(text) and _end(feet, head.end(), limit) == limit:
            return head.start()
    begun = _BEGUN.search(text, max(0, len(text) - 120))
    return begun.start() if begun else len(text)


def _holds_body(runs: list[tuple[int, int]], start: int, end: int) -> bool:
    place = bisect.bisect_right(runs, (start, start))
    return place < len(runs) and runs[place][0] < end


def _end(feet: list[tuple[int, int]], start: int, otherwise: int) -> int:
    """The end of the first foot after `start`, or as far as a key may reach."""
    place = bisect.bisect_left(feet, (start, 0))
    limit = min(start + LONGEST, otherwise)
    return feet[place][1] if place < len(feet) and feet[place][1] <= limit else limit
