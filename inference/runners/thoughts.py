"""What a model thinks before it answers, where its server leaves that in the answer."""

from __future__ import annotations

_OPEN, _CLOSE = "<think>", "</think>"


class Thoughts:
    """An answer without the `<think>…</think>` that it begins with, however it comes in pieces.

    One that comes later stays, for then the answer speaks of it. What is never closed is no answer.
    """

    def __init__(self) -> None:
        self._held = ""
        self._step = self._before
        self.has_begun = False

    def feed(self, text: str) -> str:
        """What is answer of it, as far as that can be said yet."""
        self._held += text
        return self._step()

    def end(self) -> str:
        """What might have become a beginning, and did not."""
        return "" if self.has_begun else self._all()

    def _before(self) -> str:
        begun = self._held.lstrip()
        if begun.startswith(_OPEN):
            self.has_begun, self._held, self._step = True, begun.removeprefix(_OPEN), self._inside
        elif not _OPEN.startswith(begun):
            self._step = self._all
        else:
            return ""
        return self._step()

    def _inside(self) -> str:
        _, closed, rest = self._held.partition(_CLOSE)
        if not closed:
            self._held = self._held[1 - len(_CLOSE) :]  # of a mark that is cut in two, no more than this has come
            return ""
        self._held, self._step = rest, self._between
        return self._step()

    def _between(self) -> str:
        self._held = self._held.lstrip()
        if self._held:
            self._step = self._all
        return self._all()

    def _all(self) -> str:
        said, self._held = self._held, ""
        return said
