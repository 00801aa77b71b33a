"""Writers' numbers: each writer's run from 1 to its last without a gap, where no event was taken away or slipped in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class Numbers:
    """`note` every event once, in any order; they come nearly in order, and then a writer costs one number of memory."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}
        self._ahead: dict[str, set[int]] = {}
        self._twice: list[tuple[str, int]] = []

    def note(self, writer: str, number: int) -> None:
        expected = self._next.get(writer, 1)
        if number == expected:
            self._next[writer] = expected + 1
            if writer in self._ahead:
                self._catch_up(writer)
        elif number < expected or number in self._ahead.get(writer, ()):
            self._twice.append((writer, number))
        else:
            self._next.setdefault(writer, 1)
            self._ahead.setdefault(writer, set()).add(number)

    def faults(self, lasts: Iterable[tuple[str, int]]) -> Iterator[str]:
        """`lasts` are the last number of each writer as Postgres counted. To be asked once, at the end."""
        for writer, number in self._twice:
            yield f"writer {writer} has two events of number {number}"
        for writer, last in lasts:
            following, ahead = self._next.pop(writer, 1), self._ahead.pop(writer, set())
            missing = _missing(following, last, ahead)
            if missing:
                yield f"of writer {writer}, events are missing: {missing} of 1 to {last}"
            highest = max(ahead, default=following - 1)
            if highest > last:
                yield f"writer {writer} has counted to {last} and has an event of number {highest}"
        for writer in self._next:
            yield f"events are by a writer that nobody knows, {writer}"

    def _catch_up(self, writer: str) -> None:
        ahead, following = self._ahead[writer], self._next[writer]
        while following in ahead:
            ahead.remove(following)
            following += 1
        self._next[writer] = following
        if not ahead:
            del self._ahead[writer]


def _missing(following: int, last: int, ahead: set[int]) -> str:
    """The numbers from `following` to `last` that are not in `ahead`, as `3, 7 to 9`."""
    spans, start = [], following
    for number in [*sorted(one for one in ahead if one <= last), last + 1]:
        if start < number:
            spans.append(str(start) if start == number - 1 else f"{start} to {number - 1}")
        start = number + 1
    return ", ".join(spans)
