"""The ports of the machine room: messages in, text out; texts in, vectors out.

Whatever an adapter speaks, these dataclasses and the errors of `governance.errors` are all that crosses:

- `Unavailable`: the model server cannot be reached, is loading, broke off, or refuses our key or request.
- `Busy`: it is over its bound; `position` and `wait_s` say how far.
- `InvalidInput`: the prompt is longer than the window; the message names both numbers.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self, TypedDict

import numpy as np
from numpy.typing import NDArray

from governance.errors import ChanceryError, InvalidInput

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Message:
    role: Literal["system", "user", "assistant"]
    content: str


class Sampler(TypedDict, total=False):
    """What a caller may set of how the next token is chosen; what is absent stays as `ChatRequest` has it."""

    temperature: float
    seed: int
    stop: list[str]


@dataclass(frozen=True)
class ChatRequest:
    """`max_tokens` bounds the answer, not the prompt. `share` names whose turn this is in a fair queue: a tenant."""

    messages: Sequence[Message]
    max_tokens: int
    temperature: float = 0.0
    seed: int = 0
    stop: Sequence[str] = ()
    share: str = ""


@dataclass(frozen=True)
class Usage:
    """Tokens as the model server counted them; `cached_tokens` of the prompt did not have to be read again."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0


@dataclass(frozen=True)
class Delta:
    """A piece of an answer. `tokens` is what the wire shows of its size; `usage` is what counts.

    `finish` is None but in the last delta, where it is `stop` or `length` (or the server's own word for another end).
    `usage` comes with it, where the server tells.
    """

    text: str
    tokens: int
    finish: str | None = None
    usage: Usage | None = None


@dataclass(frozen=True)
class RunnerState:
    """What answers at the other end. An empty string, or a window of 0, is something the server does not tell."""

    model: str
    sha256: str
    engine: str
    build: str
    context_window: int
    is_ready: bool
    detail: str


class Handle(ABC):
    """One answer under way: iterate it once, in one thread. Nothing is sent before the iteration begins.

    So whoever holds the handle can cancel it while the model still reads the prompt; a cancelled iteration just ends.
    """

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._deltas = self._guarded()

    @abstractmethod
    def deltas(self) -> Iterator[Delta]:
        """Ask, and yield what comes."""

    @abstractmethod
    def hang_up(self) -> None:
        """Close the way the answer comes. Called from any thread, more than once, also before `deltas`."""

    @property
    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """End the answer now, from any thread; a blocked iteration wakes up and ends."""
        self._cancelled.set()
        self.hang_up()

    def __iter__(self) -> Iterator[Delta]:
        return self._deltas

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()
        self._deltas.close()

    def _guarded(self) -> Generator[Delta]:
        if self.is_cancelled:
            return
        try:
            for delta in self.deltas():
                if self.is_cancelled:
                    return
                yield delta
        except ChanceryError:
            # A line that we cut ourselves looks like a fault of the server.
            if not self.is_cancelled:
                raise
        finally:
            self.hang_up()


class ChatRunner(ABC):
    is_in_house = False  # whether what is sent stays on machines of the house; who does not know says no

    @abstractmethod
    def stream(self, request: ChatRequest) -> Handle:
        """The answer to come. Errors are raised by its iteration."""

    @abstractmethod
    def probe(self) -> RunnerState:
        """Who answers, and whether now. A server that cannot be reached is a state, not an error."""

    @abstractmethod
    def count_tokens(self, messages: Sequence[Message]) -> int:
        """The length of a prompt, in tokens of the model; rather a few too many than one too few."""


class EmbeddingRunner(ABC):
    """`name` stands beside stored vectors: two runners of one name give comparable vectors."""

    name: str
    dimensions: int
    max_tokens: int  # of one text; what is beyond is not read
    is_in_house = False  # as of a ChatRunner

    @abstractmethod
    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """Vectors of shape (len(texts), dimensions), each of length 1, in the order of the texts."""

    @abstractmethod
    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The whole length of each text in tokens, also past `max_tokens`."""

    @abstractmethod
    def probe(self) -> RunnerState:
        """Which model embeds, and whether it can now."""


def over_window(tokens: int, window: int) -> InvalidInput:
    """The error for a prompt that the model cannot take in."""
    return InvalidInput(f"The prompt has {tokens} tokens; the model reads {window} at most. Ask for less at once.")


def normalised(vectors: Vectors) -> Vectors:
    """Each row divided by its length. A row of zeros has no direction and takes the first axis."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    result = np.zeros(vectors.shape, dtype=np.float32)
    np.divide(vectors, lengths, out=result, where=lengths > 0)
    result[lengths[:, 0] == 0, 0] = 1.0
    return result
