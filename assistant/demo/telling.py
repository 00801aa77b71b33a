"""A question asked on the command line: the answer as it comes, and what it stands on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from assistant import conversations, models
from assistant.showing import places
from governance.scope import Scope

WAIT_MOST_S = 1200.0  # a busy machine of two cores reads the passages in minutes


def ask(scope: Scope, question: str, write: Callable[[str], object]) -> models.Answer:
    """The answer in its final status, or as it stands after five minutes."""
    answer = conversations.ask(scope, question, client="command line").pk
    shown, until = 0, time.monotonic() + WAIT_MOST_S
    while True:
        row = conversations.answer_of(scope, answer)
        segments = list(row.segments.all())
        for segment in segments[shown:]:
            write(segment.text.rstrip() + "".join(f" [{one['marker']}]" for one in segment.citations) + " ")
        shown = len(segments)
        if row.is_final or time.monotonic() > until:
            write("\n")
            return row
        time.sleep(0.05)


def citations(answer: models.Answer) -> Iterator[str]:
    """One line a citation: its marker, document and place."""
    told = set()
    for segment in answer.segments.all():
        for one in segment.citations:
            if one["marker"] not in told:
                told.add(one["marker"])
                yield f"  [{one['marker']}] {_named(one)}"


def _named(citation: dict[str, Any]) -> str:
    return ", ".join(filter(None, (citation["document_name"], places.name(citation.get("locator") or {}))))
