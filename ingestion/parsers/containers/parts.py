"""Documents within a document, no more of them than is allowed: what a container says of itself may be a lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from governance.sentence import phrase, sentence
from ingestion.parsers.base import Bounds, ParseFailed, Part, Skipped

TOO_MANY = phrase("At most %(most)s documents are taken out of one; those after it are left out.")
TOO_MUCH = phrase(
    "The documents within this one are larger together than is read; this one and those after it are left out."
)
PART_TOO_LARGE = phrase("It is larger than is taken out of another document.")
EMPTY = phrase("It is empty.")
SAYINGS = (TOO_MANY, TOO_MUCH, PART_TOO_LARGE, EMPTY)
SKIPPED_MOST = 1_000  # are told one by one
PATH_MOST = 2_000  # characters of a path that are handed on


def bounded(parts: Iterable[Part | Skipped], bounds: Bounds) -> Iterator[Part | Skipped]:
    """Ends at the first part that is one too many, before it is read; a container that breaks off there ends, too."""
    taken = skipped = unpacked = 0
    found = iter(parts)
    while taken < bounds.parts and skipped < SKIPPED_MOST:
        try:
            one = next(found, None)
        except ParseFailed as fault:
            yield Skipped("", fault.message)
            return
        if one is None:
            return
        told = _weighed(one, bounds)
        if isinstance(told, Part):
            taken, unpacked = taken + 1, unpacked + len(told.content)
            if unpacked > bounds.unpacked:
                yield Skipped(told.path, TOO_MUCH)
                return
        else:
            skipped += 1
        yield told
    if next(found, None) is not None:
        yield Skipped("", sentence(TOO_MANY, most=taken))


def _weighed(one: Part | Skipped, bounds: Bounds) -> Part | Skipped:
    path = one.path[:PATH_MOST]
    if isinstance(one, Skipped):
        return Skipped(path, one.why)
    if not one.content:
        return Skipped(path, EMPTY)
    return Skipped(path, PART_TOO_LARGE) if len(one.content) > bounds.part else Part(path, one.content)
