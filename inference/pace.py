"""How fast a model reads and writes, over the wire and as it is served: by one question that nobody has asked before."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from inference.runners.base import ChatRequest, ChatRunner, Message, Usage

LINES = 30  # some 350 tokens, in a usual vocabulary
WRITTEN = 64  # tokens
LEAST = 8  # tokens, below which no rate of writing is told


@dataclass(frozen=True)
class Pace:
    """Tokens a second, None where the server does not tell what it read, or wrote too little; `first_s` is until the first
    word. `read` and `written` are the tokens that it was measured by. With `_cpu`, a second of its processors' own time.
    """

    reads: float | None
    writes: float | None
    first_s: float
    read: int
    written: int
    reads_cpu: float | None = None
    writes_cpu: float | None = None


def _nobody() -> float:
    return 0.0


def measure(runner: ChatRunner, processor_s: Callable[[], float] = _nobody) -> Pace:
    """`processor_s` is the time that whoever answers has had a processor; it stands still where nobody knows.

    Raises what asking raises. The text is made up: nothing of anybody's documents is sent.
    """
    began, idle = time.monotonic(), processor_s()
    times: list[float] = []
    has_read = idle
    usage: Usage | None = None
    with runner.stream(_request()) as handle:
        for delta in handle:
            if delta.text:
                has_read = has_read if times else processor_s()
                times.append(time.monotonic())
            usage = delta.usage or usage
    has_written = processor_s()
    first_s = (times[0] if times else time.monotonic()) - began
    read = usage.prompt_tokens - usage.cached_tokens if usage else 0
    written = (usage.completion_tokens if usage else 0) or len(times)
    # A model that thinks first may have been given no room to say anything.
    is_told = written >= LEAST and len(times) > 1 and times[-1] > times[0]
    return Pace(
        reads=read / first_s if read else None,
        writes=(written - 1) / (times[-1] - times[0]) if is_told else None,
        first_s=first_s,
        read=read,
        written=written,
        reads_cpu=read / (has_read - idle) if read and has_read > idle else None,
        writes_cpu=(written - 1) / (has_written - has_read) if is_told and has_written > has_read else None,
    )


def _request() -> ChatRequest:
    """Its first words are new each time, so that nothing of it has been read before."""
    lines = " ".join(f"Part {number} of the report names {number * 7} cases." for number in range(1, LINES + 1))
    asked = f"{secrets.token_hex(8)}. {lines} Tell the report again as a long story, part by part."
    return ChatRequest([Message("user", asked)], max_tokens=WRITTEN)
