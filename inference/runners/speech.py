"""What a model says, up to the first stop sequence, and what that took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from inference.runners import tokens
from inference.runners.base import Handle, Standing, Usage


class Cutoff:
    """Text up to the first of `stops`, however it comes in pieces: what may be the beginning of one is held back.

    The first is the one that is complete first, as an engine finds it that writes one token after another; of two that
    are complete at once, the longer. Engines know stop sequences themselves. That what follows one never leaves must
    not depend on which engine it is.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.is_reached = False

    def feed(self, text: str, *, is_last: bool = False) -> str:
        if self.is_reached:
            return ""
        whole = self._held + text
        found = [(place + len(stop), place) for stop in self._stops if (place := whole.find(stop)) >= 0]
        self.is_reached = bool(found)
        end = min(found)[1] if found else len(whole) if is_last else len(whole) - self._possible(whole)
        self._held = "" if found else whole[end:]
        return whole[:end]

    def _possible(self, text: str) -> int:
        """How many characters at the end of `text` may be the beginning of a stop sequence."""
        return max((n for stop in self._stops for n in range(1, len(stop)) if text.endswith(stop[:n])), default=0)


class Speech:
    """Iterate it once, for (text, whether it is the last); then `finish` and `usage` say how it ended.

    `prompt_tokens` is the length of the prompt as it was counted beforehand, for a model that was cut off before it told.
    `heard` is told where the request stands, as often as its server says so, and None once there is more to hear.
    """

    def __init__(
        self,
        handle: Handle,
        stops: Sequence[str],
        prompt_tokens: int,
        heard: Callable[[Standing | None], None] = lambda _: None,
    ) -> None:
        self._handle = handle
        self._cutoff = Cutoff(stops)
        self._prompt_tokens = prompt_tokens
        self._said = 0
        self._told: Usage | None = None
        self._heard = heard
        self._standing: Standing | None = None
        self._began = 0.0
        self.finish = ""
        self.line_ms: int | None = None  # as the server tells in the end, or as long as it said until then
        self.lane = ""
        self.left_out: tuple[str, ...] = ()
        self.thoughts = 0  # pieces that the model thought in, and did not say
        self.written = ""  # all that came, up to the stop sequence

    @property
    def usage(self) -> Usage:
        if self._told is None:
            return Usage(self._prompt_tokens, self._written)
        return replace(self._told, completion_tokens=self._told.completion_tokens or self._written)

    @property
    def _written(self) -> int:
        """A piece is a token, unless there are fewer of them than any tokenizer makes of the text."""
        return self._said if self._said >= tokens.least(self.written) else tokens.estimate(self.written)

    @property
    def is_in_line(self) -> bool:
        """The server says that the model is not at it yet."""
        return self._standing is not None and self._standing.is_in_line

    @property
    def has_begun(self) -> bool:
        """Whether anything came: before that, a model that fails has done nothing that anybody could count."""
        return self._said > 0 or self._told is not None

    @property
    def is_counted_by_engine(self) -> bool:
        return self._told is not None

    def __iter__(self) -> Iterator[tuple[str, bool]]:
        self._began = time.monotonic()
        for delta in self._handle:
            self._stands(delta.standing)
            if delta.standing:
                continue
            self._said += delta.tokens
            self._told = delta.usage or self._told
            self.finish = delta.finish or self.finish
            self.line_ms = delta.line_ms if delta.line_ms is not None else self.line_ms
            self.lane = delta.lane or self.lane
            self.left_out = delta.left_out or self.left_out
            self.thoughts += delta.thoughts
            text = self._cutoff.feed(delta.text, is_last=delta.finish is not None)
            self.written += text
            if self._cutoff.is_reached:
                self.finish = "stop"
                yield text, True
                return
            yield text, delta.finish is not None

    def _stands(self, standing: Standing | None) -> None:
        if standing or self._standing:
            self._heard(standing)
        self._standing = standing
        if self.is_in_line:
            self.line_ms = round((time.monotonic() - self._began) * 1000)
        elif standing:
            self.line_ms = self.line_ms or 0
