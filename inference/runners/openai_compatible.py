"""Chat over the OpenAI wire: our model worker, Ollama, LM Studio, vLLM, llama-server or a closed API."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from governance.errors import ChanceryError, Unavailable
from inference.runners import tokens, wire
from inference.runners.base import ChatRequest, ChatRunner, Delta, Handle, Message, RunnerState, Usage
from inference.runners.line import Line

# What a chat template wraps around a message, and what it puts before the answer.
_TOKENS_PER_MESSAGE = 8
_TOKENS_PER_PROMPT = 8
_SHORT = httpx.Timeout(5.0, connect=3.0)  # for what takes no thinking
_FOUND_BUSY = httpx.codes.TOO_MANY_REQUESTS


class OpenAICompatible(ChatRunner):
    """`base_url` ends in `/v1`. A server of one model, such as our worker, takes any `model`; others need its name.

    `window` is the context in tokens, for servers that do not tell theirs. `read_timeout` is the longest silence in
    seconds, `connect_timeout` the longest wait for a connection.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None = None,
        model: str = "default",
        window: int = 0,
        connect_timeout: float = 3.0,
        read_timeout: float = 120.0,
    ) -> None:
        self.base_url = base_url.rstrip("/") + "/"
        self.model = model
        self.window = window
        self.timeout = httpx.Timeout(read_timeout, connect=connect_timeout)
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._counts = True
        self._context: ssl.SSLContext | None = None
        self._lock = threading.Lock()

    def stream(self, request: ChatRequest) -> Handle:
        return _Answer(self, request)

    def probe(self) -> RunnerState:
        try:
            with self.client(_SHORT) as client:
                response = client.get("models")
        except httpx.HTTPError as error:
            return self._state({}, is_ready=False, detail=str(self.unreachable(error)))
        if not response.is_success:
            return self._state({}, is_ready=False, detail=str(wire.refusal(response)))
        served = [entry for entry in wire.decoded(response.content).get("data") or () if isinstance(entry, dict)]
        if self.model != "default":
            served = [entry for entry in served if entry.get("id") == self.model]
        if not served:
            return self._state({}, is_ready=False, detail=f"{self.base_url} does not serve {self.model}.")
        return self._state(served[0], is_ready=True, detail="")

    def count_tokens(self, messages: Sequence[Message]) -> int:
        around = _TOKENS_PER_PROMPT + _TOKENS_PER_MESSAGE * len(messages)
        text = "\n".join(message.content for message in messages)
        counted = self._counted(text) if self._counts else None
        return around + (tokens.estimate(text) if counted is None else counted)

    def client(self, timeout: httpx.Timeout | None = None) -> httpx.Client:
        """A client for one exchange. It asks no proxy: prompts go to the address that was set, by no other way."""
        with self._lock:
            if self._context is None:
                self._context = httpx.create_ssl_context()  # 20 ms, so once a process
        return httpx.Client(
            base_url=self.base_url,
            headers=self._headers,
            timeout=timeout or self.timeout,
            verify=self._context,
            trust_env=False,
        )

    def unreachable(self, error: httpx.HTTPError) -> Unavailable:
        if isinstance(error, httpx.ReadTimeout):
            return Unavailable(f"The model server at {self.base_url} was silent for too long.")
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return Unavailable(f"No model server answers at {self.base_url}. Is it running?")
        return Unavailable(f"The model server at {self.base_url} broke off: {error}")

    def _counted(self, text: str) -> int | None:
        """The server's own count, or None where it does not count. Only our worker and llama-server do, at the root."""
        try:
            with self.client(_SHORT) as client:
                response = client.post(httpx.URL(self.base_url).join("../tokenize"), json={"content": text})
        except httpx.HTTPError as error:
            raise self.unreachable(error) from error
        found = wire.decoded(response.content).get("tokens") if response.is_success else None
        if isinstance(found, list):
            return len(found)
        # Loading or busy passes; anything else will be the same next time.
        self._counts = response.is_server_error or response.status_code == _FOUND_BUSY
        return None

    def _state(self, entry: Mapping[str, Any], *, is_ready: bool, detail: str) -> RunnerState:
        """Our worker tells `sha256`, `engine`, `build` and `context_window`; vLLM and llama-server the window alone."""
        meta = entry.get("meta")
        meta = meta if isinstance(meta, dict) else {}
        window = entry.get("context_window") or entry.get("max_model_len") or meta.get("n_ctx") or self.window
        return RunnerState(
            model=str(entry.get("id") or self.model),
            sha256=str(entry.get("sha256") or ""),
            engine=str(entry.get("engine") or entry.get("owned_by") or ""),
            build=str(entry.get("build") or ""),
            context_window=int(wire.number(window)),
            is_ready=is_ready,
            detail=detail,
        )


class _Answer(Handle):
    def __init__(self, runner: OpenAICompatible, request: ChatRequest) -> None:
        super().__init__()
        self._runner = runner
        self._request = request
        self._line = Line()

    def hang_up(self) -> None:
        self._line.cut()

    def deltas(self) -> Iterator[Delta]:
        try:
            # A client of its own: a pooled connection would not be traced, and cutting it would cut others.
            with (
                self._runner.client() as client,
                client.stream(
                    "POST",
                    "chat/completions",
                    json=self._body(),
                    headers={"X-Chancery-Share": self._request.share} if self._request.share else {},
                    extensions={"trace": self._line.trace},
                ) as response,
            ):
                if not response.is_success:
                    response.read()
                    raise wire.refusal(response)
                yield from _read(wire.events(wire.lines(response.iter_bytes())))
        except httpx.HTTPError as error:
            raise self._runner.unreachable(error) from error
        except (AttributeError, TypeError, ValueError) as error:
            raise Unavailable(f"What answers at {self._runner.base_url} does not speak the OpenAI wire.") from error

    def _body(self) -> dict[str, Any]:
        request = self._request
        body: dict[str, Any] = {
            "model": self._runner.model,
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        return body | ({"stop": list(request.stop)} if request.stop else {})


def _read(events: Iterator[str]) -> Iterator[Delta]:
    finish: str | None = None
    usage: Usage | None = None
    for event in events:
        if event == "[DONE]":
            break
        chunk = wire.decoded(event)
        if "error" in chunk or not chunk.keys() & {"choices", "usage"}:
            raise wire.fault(chunk)
        usage = _usage(chunk.get("usage")) or usage
        for choice in chunk.get("choices") or ():
            finish = choice.get("finish_reason") or finish
            text = (choice.get("delta") or {}).get("content")
            if text:
                yield Delta(text, tokens=1)
    if finish is None:
        raise _broke_off()
    yield Delta("", tokens=0, finish=finish, usage=usage)


def _broke_off() -> ChanceryError:
    return Unavailable("The model server broke off before the answer was whole.")


def _usage(told: Mapping[str, Any] | None) -> Usage | None:
    if not told:
        return None
    sizes = [told.get("prompt_tokens"), told.get("completion_tokens")]
    sizes.append((told.get("prompt_tokens_details") or {}).get("cached_tokens"))
    return Usage(*(int(wire.number(size)) for size in sizes))
