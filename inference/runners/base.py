"""The ports of the machine room: messages in, text out; texts in, vectors out; a question and texts in, scores out.

Whatever an adapter speaks, these dataclasses and the errors of `governance.errors` are all that crosses:

- `Unavailable`: the model server refuses our key or request, is silent for too long, or does not speak the wire.
- `Away`, which is one: it cannot be reached, is loading or being stopped, or broke off, and may soon be back.
- `Busy`: it is over its bound; `position` and `wait_s` say how far.
- `InvalidInput`: the prompt is longer than the window; the message names both numbers.
- `Truncated`: the server has answered, and read less than it was sent.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Self, TypedDict

import numpy as np
from numpy.typing import NDArray

from governance.errors import ChanceryError, InvalidInput, Unavailable

Vectors = NDArray[np.float32]


class Away(Unavailable):
    """The model server is not there for now: it, or its engine, is being started or stopped, or has just gone down. The same
    may be answered in moments. `was_read` says that the model was at it when that happened, as far as anybody knows.
    """

    def __init__(self, message: str, *, was_read: bool = False) -> None:
        super().__init__(message)
        self.was_read = was_read


class Truncated(Unavailable):
    """What was answered was asked with half of the prompt: nothing of it can be relied on. The same prompt is cut again."""

    code = "truncated"


class Refused(Unavailable):
    """The server has answered that it will not, and why: neither that it is busy nor anything about our key or account."""


class Silent(Unavailable):
    """Nothing came within the time there was. Asked again, it would take as long again."""


@dataclass(frozen=True)
class Message:
    role: Literal["system", "user", "assistant"]
    content: str


class Sampler(TypedDict, total=False):
    """What a caller may set of how the next token is chosen; what is absent stays as `ChatRequest` has it."""

    temperature: float
    seed: int
    stop: list[str]
    is_deterministic: bool


@dataclass(frozen=True)
class ChatRequest:
    """`max_tokens` bounds the answer, not the prompt. `share` names whose turn this is in a fair queue: tenant/person.

    `cache` names those who may see the same: what the model has read for one of them it need not read again for another.

    What is not `is_kept` is read for this one answer: a server of ours gives up nothing that others may come back to for it.

    `is_deterministic` asks for a lane in which equal requests have equal answers, to the byte: alone, from an empty slot,
    in batches of one size. It is slow, and not every server has one; the last Delta's `lane` says whether it was taken.
    """

    messages: Sequence[Message]
    max_tokens: int
    temperature: float = 0.0
    seed: int = 0
    stop: Sequence[str] = ()
    share: str = ""
    cache: str = ""
    is_kept: bool = True
    is_deterministic: bool = False


@dataclass(frozen=True)
class Usage:
    """Tokens as the model server counted them; `cached_tokens` of the prompt did not have to be read again."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0


@dataclass(frozen=True)
class Standing:
    """Where a request stands at a server that says so while it has no words yet. Of one that is waiting: its place, of which 1 is
    the next, and in about how many seconds its turn comes.
    """

    state: Literal["waiting", "loading", "reading"]
    position: int = 0
    wait_s: float = 0.0

    @property
    def is_in_line(self) -> bool:
        """The model is not at it yet."""
        return self.state != "reading"


@dataclass(frozen=True)
class Delta:
    """A piece of an answer. `tokens` is what the wire shows of its size; `usage` is what counts.

    `finish` is None but in the last delta, where it is `stop` or `length` (or the server's own word for another end).
    `usage` comes with it, where the server tells, `line_ms`, how long the request waited there for its turn,
    `lane`, by what the deterministic lane reckoned, and `left_out`, which of temperature, seed and stop the server refuses to be
    told. `thoughts` counts pieces that the model thought in and did not say: their text is empty. One with a `standing` says that
    alone.
    """

    text: str
    tokens: int
    finish: str | None = None
    usage: Usage | None = None
    line_ms: int | None = None
    lane: str = ""
    left_out: tuple[str, ...] = ()
    thoughts: int = 0
    standing: Standing | None = None


@dataclass(frozen=True)
class RunnerState:
    """What answers at the other end. An empty string, or a window of 0, is something the server does not tell. `beside` is the
    hash of what an operator has each request say beside ours. `is_away` says of one that is not ready that it may soon be.
    """

    model: str
    sha256: str
    engine: str
    build: str
    context_window: int
    is_ready: bool
    detail: str
    beside: str = ""
    is_away: bool = False


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

    def count_each(self, texts: Sequence[str]) -> list[int]:
        """The length of each text by itself, without what a prompt puts around it."""
        return [self.count_tokens([Message("user", text)]) for text in texts]


@dataclass(frozen=True)
class Encoded:
    """A text made ready to be read; texts of like `size` are read together for the least."""

    content: Any
    size: int


class EmbeddingRunner(ABC):
    """`name` stands beside stored vectors: two runners of one name give comparable vectors."""

    name: str
    dimensions: int
    max_tokens: int  # of one text; what is beyond is not read
    batch = 16  # texts that it reads at once for the least
    is_in_house = False  # as of a ChatRunner
    # The cosine from which on a passage is near enough to a question to carry an answer. Each model has its own scale.
    near = 0.26
    # How far cosines lie apart that mean something to each other: what search measures them by. 1/15 of what they can be.
    spread = 0.065
    # ISO 639, of the languages it was trained on; none said is any. In others search goes more by words.
    languages: tuple[str, ...] = ()

    @abstractmethod
    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        """Vectors of shape (len(texts), dimensions), each of length 1, in the order of the texts."""

    @abstractmethod
    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The whole length of each text in tokens, also past `max_tokens`."""

    def words(self, written: Sequence[str]) -> frozenset[str]:
        """Those of the lower-case words that its vocabulary holds whole, as it holds few slips of the pen; none where it does not
        tell.
        """
        return frozenset()

    def encode(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> list[Encoded]:
        """The first half of `embed`, which needs the model's words and not the model."""
        return [Encoded((text, kind), len(text)) for text in texts]

    def read(self, encoded: Sequence[Encoded]) -> Vectors:
        """The second half, in the order of `encoded`."""
        kind: Literal["query", "passage"] = encoded[0].content[1] if encoded else "passage"
        return self.embed([one.content[0] for one in encoded], kind)

    @abstractmethod
    def probe(self) -> RunnerState:
        """Which model embeds, and whether it can now."""


class RerankRunner(ABC):
    """Reads a question and a text together, which is slower than comparing vectors, and tells better what answers what."""

    name: str
    is_in_house = False  # as of a ChatRunner
    most = 32  # texts that it is given at once; a search sends its best so many

    @abstractmethod
    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers, in the order of the texts: higher is better, and nothing else is promised."""

    @abstractmethod
    def probe(self) -> RunnerState:
        """Which model scores, and whether it can now."""


def over_window(tokens: int, window: int) -> InvalidInput:
    """The error for a prompt that the model cannot take in."""
    return InvalidInput(f"The prompt has {tokens} tokens; the model reads {window} at most. Ask for less at once.")


def whole(counts: Sequence[int], written: Sequence[str]) -> frozenset[str]:
    """Those that are one token. `counts` are the tokens of the empty text, and of each word."""
    bare, *each = counts
    return frozenset(word for word, count in zip(written, each, strict=True) if count == bare + 1)


def normalised(vectors: Vectors) -> Vectors:
    """Each row divided by its length. A row of zeros has no direction and takes the first axis."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    result = np.zeros(vectors.shape, dtype=np.float32)
    np.divide(vectors, lengths, out=result, where=lengths > 0)
    result[lengths[:, 0] == 0, 0] = 1.0
    return result
