"""Where an answer stands at its model's server, as often as that says so: its seconds, and what whoever waits is shown of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from assistant.answering.lease import Watch
from assistant.streams import stream
from inference.runners.base import Standing


def heard(answer: uuid.UUID, watch: Watch) -> Callable[[Standing | None], None]:
    """Nothing of it is written to a row: it is of no worth in moments."""
    shown: Standing | None = None

    def hear(standing: Standing | None) -> None:
        nonlocal shown
        is_in_line = standing is not None and standing.is_in_line
        watch.reckon(is_in_line=is_in_line)
        now = standing if is_in_line else None
        if now or shown:
            stream.stand(answer, _told(now) if now else None, rings=now != shown)
        shown = now

    return hear


def _told(standing: Standing) -> dict[str, object]:
    return {"state": standing.state, "position": standing.position, "wait_s": standing.wait_s}
