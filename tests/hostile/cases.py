"""All of them, and a part of each kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from tests.hostile import archives, damage, markup, pages, texts
from tests.hostile.case import Case


def every(address: str) -> Iterator[Case]:
    """`address` is host:port of somebody who listens for connections that must not come."""
    yield from archives.cases()
    yield from markup.cases(address)
    yield from pages.cases(address)
    yield from texts.cases()
    yield from damage.cases()


def some(all_of_them: Iterable[Case], each: int) -> list[Case]:
    """The first, the last and some between of each kind, none of them heavy: the same each time."""
    kinds: defaultdict[str, list[Case]] = defaultdict(list)
    for case in all_of_them:
        if not case.is_heavy:
            kinds[case.kind].append(case)
    chosen = []
    for there in kinds.values():
        step = max(1, (len(there) - 1) // max(1, each - 1))
        chosen += there[::step][:each]
    return chosen
