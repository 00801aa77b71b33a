"""What a model says, up to the first stop sequence, and what that took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inference.runners.base import Handle, Usage


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
    """

    def __init__(self, handle: Handle, stops: Sequence[str], prompt_tokens: int) -> None:
        self._handle = handle
        self._cutoff = Cutoff(stops)
        self._prompt_tokens = prompt_tokens
        self._said = 0
        self._told: Usage | None = None
        self.finish = ""
        self.line_ms: int | None = None
        self.lane = ""
        self.left_out: tuple[str, ...] = ()
        self.thoughts = 0  # pieces that the model thought in, and did not say
        self.written = ""  # all that came, up to the stop sequence

    @property
    def usage(self) -> Usage:
        return self._told or Usage(self._prompt_tokens, self._said)

    @property
    def has_begun(self) -> bool:
        """Whether anything came: before that, a model that fails has done nothing that anybody could count."""
        return self._said > 0 or self._told is not None

    @property
    def is_counted_by_engine(self) -> bool:
        return self._told is not None

    def __iter__(self) -> Iterator[tuple[str, bool]]:
        for delta in self._handle:
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
