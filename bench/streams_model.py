"""A model with a script for `bench.streams`: as slow as one that computes, and it counts what it writes in Valkey."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from assistant.streams import stream
from inference.runners.base import ChatRequest
from inference.runners.scripted import ScriptedChat

WRITTEN, ASKED = "bench:streams:written", "bench:streams:asked"
A_TOKEN_S = 0.03  # as the smaller model on two cores
SENTENCES = (
    "Twenty working days a year may be spent abroad. ",
    "Longer stays need the consent of the head of department. ",
)


class Long(ScriptedChat):
    """Twelve sentences, a word at a time."""

    sentences = 12
    pause_s = A_TOKEN_S

    def __init__(self) -> None:
        super().__init__(self._said)

    def _said(self, _: ChatRequest) -> Iterator[str]:
        stream.client().incr(ASKED)
        for word in self._words():
            time.sleep(self.pause_s)
            stream.client().incr(WRITTEN)
            yield word

    @classmethod
    def _words(cls) -> list[str]:
        return [word for number in range(cls.sentences) for word in re.findall(r"\S+\s*", SENTENCES[number % 2])]

    @classmethod
    def tokens(cls) -> int:
        """Of one answer."""
        return len(cls._words())


class Short(Long):
    """One sentence, at once: a model that is not what people wait for."""

    sentences = 1
    pause_s = 0.0


def counted() -> tuple[int, int]:
    """(tokens written, prompts asked) by all that have run."""
    return int(stream.client().get(WRITTEN) or 0), int(stream.client().get(ASKED) or 0)
