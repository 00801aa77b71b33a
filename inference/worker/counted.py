"""The engine's count of an answer, with what the worker itself knows of the prompt's reading."""

from __future__ import annotations

import json
from typing import Any

END = b"\n\n"


class Counted:
    """An answer's bytes in, the same bytes out, except for its `usage`: `cached` tokens did not have to be read.

    What the engine has read of the prompt on the worker's order, before the answer was asked for, looks cached to it.
    `cached` is None where the engine counts right. `line_ms` is how long the request waited for its turn, `lane` how the
    deterministic lane reckoned, for one that ran there.
    """

    def __init__(self, cached: int | None, line_ms: int, *, is_stream: bool, lane: str = "") -> None:
        self.cached, self.is_stream = cached, is_stream
        self._beside = {"line_ms": line_ms} | ({"lane": lane} if lane else {})
        self._held = b""

    def feed(self, block: bytes) -> bytes:
        """Whole events; of an answer in one piece nothing before its end."""
        self._held += block
        if not self.is_stream:
            return b""
        whole, end, self._held = self._held.rpartition(END)
        return END.join(self._event(event) for event in whole.split(END)) + end if end else b""

    def finish(self) -> bytes:
        held, self._held = self._held, b""
        return held if self.is_stream else self._told(held)

    def _event(self, event: bytes) -> bytes:
        prefix, _, rest = event.partition(b"data: ")
        return event if prefix or b'"usage"' not in rest else b"data: " + self._told(rest)

    def _told(self, text: bytes) -> bytes:
        try:
            told: dict[str, Any] = json.loads(text)
            read = int(told["usage"]["prompt_tokens"])
        except (ValueError, KeyError, TypeError):
            return text  # an error, or a piece of an answer that speaks of usage
        if self.cached is not None:
            told["usage"]["prompt_tokens_details"] = {"cached_tokens": min(self.cached, read)}
            told.pop("timings", None)  # of what was left to be read
        told["chancery"] = self._beside
        return json.dumps(told, ensure_ascii=False).encode()
