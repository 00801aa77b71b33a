"""Runners with a script and a memory, where a model's own words are not the point. Every contract of a port holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Literal

import numpy as np

from inference import prompts
from inference.runners.base import (
    ChatRequest,
    ChatRunner,
    Delta,
    EmbeddingRunner,
    Handle,
    Message,
    RunnerState,
    Usage,
    Vectors,
    normalised,
    over_window,
)

Reply = str | Exception
Script = Sequence[Reply] | Callable[[ChatRequest], str | Iterable[str]]

_WORD_AND_SPACE = re.compile(r"\s*\S+\s*")
_WORD = re.compile(r"\w+")


class ScriptedChat(ChatRunner):
    """Says what `script` holds: its next reply for each request, or what it returns for one.

    A reply that is an exception is raised; a function may raise too. Text streams word by word, an iterable of pieces
    as it comes. Without a script it quotes the first excerpt of the prompt, or else the question. A word is a token.
    `requests` remembers what was asked, oldest first.
    """

    is_in_house = True

    def __init__(self, script: Script | None = None, window: int = 8192) -> None:
        self.window = window
        self.requests: list[ChatRequest] = []
        self._script = script
        self._replies = iter(()) if script is None or callable(script) else iter(script)

    def stream(self, request: ChatRequest) -> Handle:
        return _Recital(self, request)

    def probe(self) -> RunnerState:
        return RunnerState("scripted", "", "scripted", "1", self.window, is_ready=True, detail="")

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(message.content.split()) for message in messages)

    def pieces(self, request: ChatRequest) -> Iterable[str]:
        """What is said to `request`, which is remembered. Raises InvalidInput over the window, and LookupError when
        the script has ended."""
        self.requests.append(request)
        tokens = self.count_tokens(request.messages)
        if tokens > self.window:
            raise over_window(tokens, self.window)
        reply = self._reply(request)
        return _WORD_AND_SPACE.findall(reply) if isinstance(reply, str) else reply

    def _reply(self, request: ChatRequest) -> str | Iterable[str]:
        if self._script is None:
            return prompts.first_excerpt(request.messages) or request.messages[-1].content
        if callable(self._script):
            return self._script(request)
        reply = next(self._replies, None)
        if reply is None:
            raise LookupError(f"The script has no reply for request {len(self.requests)}.")
        if isinstance(reply, Exception):
            raise reply
        return reply


class _Recital(Handle):
    def __init__(self, runner: ScriptedChat, request: ChatRequest) -> None:
        super().__init__()
        self._runner = runner
        self._request = request

    def hang_up(self) -> None:
        """There is no line: the iteration sees that it was cancelled between two words."""

    def deltas(self) -> Iterator[Delta]:
        said, finish = 0, "stop"
        for piece in self._runner.pieces(self._request):
            if said == self._request.max_tokens:
                finish = "length"
                break
            kept = _until(piece, self._request.stop)
            if kept:
                said += 1
                yield Delta(kept, tokens=1)
            if kept != piece:
                break
        read = self._runner.count_tokens(self._request.messages)
        lane = "scripted" if self._request.is_deterministic else ""
        yield Delta("", tokens=0, finish=finish, usage=Usage(read, said), lane=lane)


def _until(piece: str, stops: Sequence[str]) -> str:
    """`piece` up to the first of `stops` in it. One that spans two pieces is not seen."""
    return piece[: min((piece.index(stop) for stop in stops if stop in piece), default=len(piece))]


class ScriptedEmbedder(EmbeddingRunner):
    """A bag of words, hashed: texts that share words are near, in any process and on any machine."""

    max_tokens = 256
    is_in_house = True

    def __init__(self, dimensions: int = 384) -> None:
        self.name = f"scripted-{dimensions}"
        self.dimensions = dimensions

    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        counts = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in _words(text)[: self.max_tokens]:
                counts[row, int.from_bytes(blake2b(word.encode(), digest_size=8).digest()) % self.dimensions] += 1
        return normalised(counts)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(_words(text)) for text in texts]

    def probe(self) -> RunnerState:
        return RunnerState(self.name, "", "scripted", "1", self.max_tokens, is_ready=True, detail="")


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
