"""What an answer is made from and of: the request as it was read, pieces of text that nothing can change, its end."""

from __future__ import annotations

import codecs
import ctypes
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from governance.errors import InvalidInput

# The wire's word for each of llama.cpp's samplers, what llama-cpp-python calls it, and llama-server's default.
SAMPLING: dict[str, tuple[str, float]] = {
    "temperature": ("temp", 0.8),
    "top_k": ("top_k", 40),
    "top_p": ("top_p", 0.95),
    "min_p": ("min_p", 0.05),
    "typical_p": ("typical_p", 1.0),
    "repeat_penalty": ("repeat_penalty", 1.0),
    "frequency_penalty": ("frequency_penalty", 0.0),
    "presence_penalty": ("presence_penalty", 0.0),
}
WHOLE = {"top_k"}
REFUSED = ("tools", "functions", "grammar", "json_schema", "response_format", "logprobs", "logit_bias")


@dataclass(frozen=True)
class Ask:
    """`most` bounds the answer's tokens, None leaves that to the window; without a `seed` one is drawn.

    `sampling` is in llama-cpp-python's words. What is read of it may be known again for the same `key` alone.
    """

    messages: Sequence[Mapping[str, str]]
    most: int | None
    stop: tuple[str, ...]
    seed: int | None
    sampling: Mapping[str, float]
    is_stream: bool
    tells_usage: bool
    key: str = ""


@dataclass(frozen=True)
class End:
    """`finish` is stop or length. The last sampled token counts too, even if it is the one that ends the answer."""

    finish: str
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int

    def usage(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
        }


class Stop:
    """Ends one answer, wherever it stands: safe from any thread, also before it has begun and after it has ended.

    A C string, so that C can look at it in the middle of a computation: stopped is what is longer than nothing.
    """

    def __init__(self) -> None:
        self.flag = ctypes.create_string_buffer(2)

    def __call__(self) -> None:
        self.flag[0] = b"x"

    @property
    def is_set(self) -> bool:
        return bool(self.flag.value)


def read(body: bytes, key: str = "") -> Ask:
    """A chat request of the OpenAI wire. Raises InvalidInput where it is none, or asks for what this engine has not."""
    try:
        told = json.loads(body)
        if refused := [name for name in REFUSED if told.get(name)]:
            raise InvalidInput(f"This engine has no {refused[0]}.")
        most = told.get("max_completion_tokens", told.get("max_tokens"))
        stop = told.get("stop") or ()
        return Ask(
            messages=_messages(told["messages"]),
            most=None if most is None or int(most) < 0 else int(most),
            stop=tuple(str(word) for word in ([stop] if isinstance(stop, str) else stop) if word),
            seed=_seed(told.get("seed")),
            sampling={name: _number(told, wire, default) for wire, (name, default) in SAMPLING.items()},
            is_stream=bool(told.get("stream")),
            tells_usage=bool((told.get("stream_options") or {}).get("include_usage")),
            key=key,
        )
    except (ValueError, TypeError, KeyError, AttributeError) as fault:
        raise InvalidInput(f"This is no chat request that can be read: {type(fault).__name__} {fault}.") from None


def _messages(told: Any) -> list[Mapping[str, str]]:
    messages: list[Mapping[str, str]] = [{"role": one["role"], "content": one["content"]} for one in told]
    if not messages or not all(isinstance(word, str) for one in messages for word in one.values()):
        raise ValueError("messages")
    return messages


def _seed(told: Any) -> int | None:
    return None if told is None or int(told) < 0 else int(told) % 2**32


def _number(told: Mapping[str, Any], name: str, default: float) -> float:
    value = told.get(name)
    number = default if value is None else float(value)
    return int(number) if name in WHOLE else max(0.0, number) if name == "temperature" else number


class Settling:
    """Bytes of tokens in, text out that no later byte can change: whole characters, and no beginning of a stop word."""

    def __init__(self, stop: Sequence[str]) -> None:
        self.stop = stop
        self.is_stopped = False
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def add(self, piece: bytes, *, is_last: bool = False) -> str:
        self._held += self._decoder.decode(piece, is_last)
        if found := [place for word in self.stop if (place := self._held.find(word)) >= 0]:
            self.is_stopped = True
            return self._held[: min(found)]
        kept = 0 if is_last else self._overhang()
        settled, self._held = self._held[: len(self._held) - kept], self._held[len(self._held) - kept :]
        return settled

    def _overhang(self) -> int:
        """Characters at the end that a stop word may begin with."""
        lengths = (length for word in self.stop for length in range(1, len(word)) if self._held.endswith(word[:length]))
        return max(lengths, default=0)
