"""Chat over the OpenAI wire: our model worker, Ollama, LM Studio, vLLM, llama-server or a closed API."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx

from governance.errors import ChanceryError, Unavailable
from inference.runners import location, parameters, tokens, wire
from inference.runners.base import (
    ChatRequest,
    ChatRunner,
    Delta,
    Handle,
    Message,
    RunnerState,
    Standing,
    Truncated,
    Usage,
)
from inference.runners.line import Line
from inference.runners.server import Server
from inference.runners.thoughts import Thoughts

# What a chat template wraps around a message, and what it puts before the answer.
_TOKENS_PER_MESSAGE = 8
_TOKENS_PER_PROMPT = 8
_SURELY = 0.9  # of the fewest tokens that a text can have: below it, not all of it was read
# What a request says by itself: no further field of an operator may say it otherwise.
_OURS = {"model", "messages", "max_tokens", "max_completion_tokens", "temperature", "seed", "stop", "n"}
_OURS |= {"stream", "stream_options"}


class OpenAICompatible(ChatRunner):
    """Options as of `Server`: base_url, api_key, model, window, connect_timeout, read_timeout.

    `extra_body` are further fields of each request, such as `{"chat_template_kwargs": {"enable_thinking": false}}`. Raises
    ValueError where they are no JSON object, or name one of ours.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None = None,
        model: str = "default",
        window: int = 0,
        connect_timeout: float = 3.0,
        read_timeout: float = 120.0,
        extra_body: Mapping[str, Any] | None = None,
    ) -> None:
        self._server = Server(base_url, api_key, model, window, connect_timeout, read_timeout)
        self._extra = _extra(extra_body)
        self._beside = _hash(self._extra) if self._extra else ""

    @property
    def is_in_house(self) -> bool:  # type: ignore[override]
        return location.is_in_house(self._server.base_url)

    def stream(self, request: ChatRequest) -> Handle:
        return _Answer(self._server, request, self._extra)

    def probe(self) -> RunnerState:
        return replace(self._server.state(), beside=self._beside)

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return _around(len(messages)) + self._server.count("\n".join(message.content for message in messages))

    def count_each(self, texts: Sequence[str]) -> list[int]:
        counted = iter(self._server.count_each([text for text in texts if text]))
        return [next(counted) if text else 0 for text in texts]


def _around(messages: int) -> int:
    return _TOKENS_PER_PROMPT + _TOKENS_PER_MESSAGE * messages


class _Answer(Handle):
    def __init__(self, server: Server, request: ChatRequest, extra: Mapping[str, Any]) -> None:
        super().__init__()
        self._server = server
        self._request = request
        self._extra = extra
        self._line = Line()
        self._is_in_line = False  # as far as the server says so

    def hang_up(self) -> None:
        self._line.cut()

    def deltas(self) -> Iterator[Delta]:
        try:
            for delta in self._answered():
                self._is_in_line = delta.standing is not None and delta.standing.is_in_line
                self._check(delta.usage)
                yield delta
        except _NothingCame as nothing:
            raise self._why(nothing) from None
        except httpx.HTTPError as error:
            raise self._server.unreachable(error, was_read=not self._is_in_line) from error
        except (AttributeError, TypeError, ValueError) as error:
            raise self._server.foreign("for chat") from error

    def _answered(self) -> Iterator[Delta]:
        """Asked again without each parameter that is refused; what it answers without is remembered."""
        headers, whole, left_out = self._headers(), self._body(), set(self._server.refused)
        # A client of its own: a pooled connection would not be traced, and cutting it would cut others.
        with self._server.client() as client:
            for more in reversed(range(parameters.TRIES)):
                body = parameters.without(whole, left_out)
                with client.stream(
                    "POST", "chat/completions", json=body, headers=headers, extensions={"trace": self._line.trace}
                ) as response:
                    if response.is_success:
                        self._server.refused.update(left_out)
                        untold = parameters.left_out(whole, left_out)
                        for delta in _read(wire.events(wire.lines(response.iter_bytes()))):
                            yield replace(delta, left_out=untold) if untold else delta
                        return
                    response.read()
                    if not more:
                        raise wire.refusal(response)
                    left_out |= parameters.refused(response, body)

    def _why(self, nothing: _NothingCame) -> ChanceryError:
        """`llama_cpp.server` answers 200 and nothing where the prompt is over its window, and tells so to whoever does not
        stream: it is asked once more, for a word.
        """
        body = {name: value for name, value in self._body().items() if name != "stream_options"}
        body = parameters.without(body | {"stream": False, "max_tokens": 1}, self._server.refused)
        try:
            if not self.is_cancelled:
                self._server.post("chat/completions", body)
        except ChanceryError as refused:
            return refused
        return nothing

    def _headers(self) -> dict[str, str]:
        """Nobody outside is told who asks. A number that is new each time stands there instead: without one, a worker of
        ours would let all who ask share what it has read."""
        told = {"X-Chancery-Share": self._request.share, "X-Chancery-Cache": self._request.cache}
        if not location.is_in_house(self._server.base_url):
            told = {name: secrets.token_hex(16) for name, value in told.items() if value}
        told["X-Chancery-Keep"] = "" if self._request.is_kept else "nothing"
        told["X-Chancery-Lane"] = "deterministic" if self._request.is_deterministic else ""
        return {name: value for name, value in told.items() if value}

    def _check(self, usage: Usage | None) -> None:
        """Ollama cuts the beginning off what is over its window, and answers as if it had read it."""
        if usage is None or not usage.prompt_tokens:
            return
        texts = [message.content for message in self._request.messages]
        least, most = sum(map(tokens.least, texts)), _around(len(texts)) + sum(map(tokens.estimate, texts))
        window = self._server.cut_at(usage.prompt_tokens)
        # What fits with its answer, as a prompt is made to, has been read whole, however long it happens to be.
        is_cut = 0 < window < most + self._request.max_tokens
        if is_cut or usage.prompt_tokens < _SURELY * least:
            raise Truncated(
                f"The model server at {self._server.base_url} read {usage.prompt_tokens} tokens of a prompt of "
                f"{max(window, least) if is_cut else least} or more: it cuts off what is over its window. Give it a larger "
                "one, or tell it here."
            )

    def _body(self) -> dict[str, Any]:
        request = self._request
        body: dict[str, Any] = dict(self._extra) | {
            "model": self._server.model,
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        return body | ({"stop": list(request.stop)} if request.stop else {})


class _NothingCame(Unavailable):
    """A stream that ended before it began."""


def _read(events: Iterator[str]) -> Iterator[Delta]:
    finish: str | None = None
    usage: Usage | None = None
    beside: Mapping[str, Any] = {}
    fault: type[Unavailable] = _NothingCame
    pieces, thoughts = wire.Pieces(), Thoughts()
    for chunk in _chunks(events):
        if isinstance(chunk, Standing):
            yield Delta("", tokens=0, standing=chunk)
            continue
        fault = Unavailable
        usage = _usage(chunk.get("usage")) or usage
        beside = _object(chunk.get("chancery")) or beside  # our worker's, with the usage
        for choice in chunk.get("choices") or ():
            finish = choice.get("finish_reason") or finish
            said = choice.get("delta") or {}
            came = pieces.whole(said.get("content") or "")
            if text := thoughts.feed(came):
                yield Delta(text, tokens=1)
            elif came or _thought(said):
                yield Delta("", tokens=1, thoughts=int(thoughts.has_begun or not came))
    if finish is None:
        raise fault("The model server broke off before the answer was whole.")
    line_ms = int(wire.number(beside["line_ms"])) if "line_ms" in beside else None
    lane = str(beside.get("lane") or "")[:200]
    yield Delta(thoughts.end(), tokens=0, finish=finish, usage=usage, line_ms=line_ms, lane=lane)


def _chunks(events: Iterator[str]) -> Iterator[Standing | dict[str, Any]]:
    """Each as it was sent, an empty one for the end, and between them where the request stands."""
    for event in events:
        if isinstance(event, wire.Comment):
            if standing := wire.standing(event):
                yield standing
            continue
        if event == "[DONE]":
            yield {}
            return
        chunk = wire.decoded(event)
        if "error" in chunk or not chunk.keys() & {"choices", "usage"}:
            raise wire.fault(chunk)
        yield chunk


def _thought(said: Mapping[str, Any]) -> bool:
    """By either of the two names that servers have for what they take out of the answer themselves."""
    return bool(said.get("reasoning_content") or said.get("reasoning"))


def _hash(extra: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(extra, sort_keys=True).encode()).hexdigest()


def _extra(told: Any) -> dict[str, Any]:
    if told is None:
        return {}
    if not isinstance(told, dict):
        raise ValueError("extra_body has to be a JSON object.")
    if ours := sorted(_OURS & told.keys()):
        raise ValueError(f"extra_body cannot set {', '.join(ours)}: each request says that itself.")
    json.dumps(told, allow_nan=False)
    return dict(told)


def _object(told: Any) -> Mapping[str, Any]:
    return told if isinstance(told, dict) else {}


def _usage(told: Mapping[str, Any] | None) -> Usage | None:
    """No prompt is without a token: a server that says so has not counted."""
    if not told or not wire.number(told.get("prompt_tokens")):
        return None
    sizes = [told.get("prompt_tokens"), told.get("completion_tokens")]
    sizes.append((told.get("prompt_tokens_details") or {}).get("cached_tokens"))
    return Usage(*(int(wire.number(size)) for size in sizes))
