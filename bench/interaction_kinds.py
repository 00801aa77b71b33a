"""The kinds of interaction that `bench.interactions` mixes: what is asked, what the model says to it, what it ends as.

A question carries its number in letters, so that the model knows which it is; a number would be a name that the question
depends on.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from governance.errors import Unavailable
from inference.runners.base import ChatRequest

SHELF = (
    "# Leave\n\nEmployees may spend twenty working days a year abroad. Longer stays need the written consent of the "
    "personnel department. The days are counted from the first of January. Unused days are not carried over."
)
FIRST = "Employees may spend twenty working days a year abroad. "
SECOND = "Longer stays need the written consent of the personnel department. "
LAST = "Unused days are not carried over into the next year."
OPENS = ("Longer ", "stays ")  # with the next sentence begun, the one before is whole and leaves
REDACTED, BLOCKED = "rosebud", "xanadu"  # words that the tenant's policy cuts out, and that end an answer
HUNG_UP_MOST_S = 60.0
CASE = re.compile(r"case ([a-j]{6})\b")
FACES = ("json", "sse", "v1", "v1_stream")
CRASHED = 9  # the worker's exit code

Tried = Callable[[int], bool]  # whether this number's model is asked for the first time, whichever process asks


@dataclass(frozen=True)
class Kind:
    """`share` of 100; `end` is the status it comes to where no worker died under it; `faces` it can be asked over."""

    name: str
    share: int
    end: str
    says: Callable[[int, Tried], Iterable[str]]
    question: str = "How many working days a year may employees spend abroad? This is case {case}."
    faces: tuple[str, ...] = FACES


def _answered(number: int, _: Tried) -> Iterable[str]:
    return (FIRST, SECOND, LAST)[: 1 + number % 3]


def _never(number: int, _: Tried) -> Iterable[str]:
    raise AssertionError(f"nobody asks a model about case {number}")


def _redacted(number: int, _: Tried) -> Iterable[str]:
    return [FIRST, f"The word is {REDACTED} for now. ", LAST]


def _blocked(number: int, _: Tried) -> Iterable[str]:
    return [FIRST, f"The word is {BLOCKED} for now. ", LAST]


def _cancelled(number: int, _: Tried) -> Iterator[str]:
    """Blanks, which deliver nothing, until somebody hangs up."""
    yield FIRST
    yield from OPENS
    until = time.monotonic() + HUNG_UP_MOST_S
    while time.monotonic() < until:
        time.sleep(0.02)
        yield " "


def _away(number: int, _: Tried) -> Iterable[str]:
    raise Unavailable("nobody listens at this address")


def _broke(number: int, _: Tried) -> Iterator[str]:
    yield FIRST
    yield from OPENS
    raise Unavailable("the line was cut")


def _crashes_after(number: int, _: Tried) -> Iterator[str]:
    yield FIRST
    yield from OPENS
    os._exit(CRASHED)


def _crashes_before(number: int, is_first: Tried) -> Iterator[str]:
    if is_first(number):
        os._exit(CRASHED)
    yield FIRST


KINDS = (
    Kind("answered", 42, "answered", _answered),
    Kind(
        "refused for lack of evidence", 10, "refused", _never, "Zebras quietly juggle flamingos? This is case {case}."
    ),
    Kind("blocked at input", 10, "blocked", _never, "My password is Tr0ub4dor&3x-Kassel. This is case {case}."),
    Kind("redacted output", 10, "answered", _redacted),
    Kind("blocked output", 8, "blocked", _blocked),
    Kind("cancelled", 8, "cancelled", _cancelled, faces=("sse", "v1_stream")),
    Kind("model away", 6, "failed", _away),
    Kind("model broke off", 4, "interrupted", _broke),
    Kind("worker crashed after a part", 1, "interrupted", _crashes_after),
    Kind("worker crashed before a word", 1, "answered", _crashes_before),
)
_DEAL = [kind for kind in KINDS for _ in range(kind.share)]


def of(number: int) -> Kind:
    """Spread: 37 and 100 have no divisor in common, so that each hundred numbers hold each kind by its share."""
    return _DEAL[number * 37 % len(_DEAL)]


def face(number: int) -> str:
    faces = of(number).faces
    return faces[number // len(_DEAL) % len(faces)]


def question(number: int) -> str:
    return of(number).question.format(case="".join("abcdefghij"[int(digit)] for digit in f"{number:06d}"))


def script(is_first: Tried) -> Callable[[ChatRequest], Iterable[str]]:
    def says(request: ChatRequest) -> Iterable[str]:
        (case,) = CASE.findall(request.messages[-1].content)[-1:]
        number = int("".join(str("abcdefghij".index(letter)) for letter in case))
        return of(number).says(number, is_first)

    return says
