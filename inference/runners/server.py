"""A server that speaks the OpenAI wire: how it is reached, what it serves, and how it counts."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx

from governance.errors import ChanceryError, Unavailable
from inference.runners import tokens, windows, wire
from inference.runners.base import Away, RunnerState, Silent

_SHORT = httpx.Timeout(5.0, connect=3.0)  # for what takes no thinking
_ANY = "default"
_LOADING = "loading"  # of a model that our worker serves beside others, while its engine is away
_NAMED = 5  # models that are told where the one that was set is not among them


class Server:
    """`base_url` ends in `/v1`. A server of one model, such as our worker, takes any `model`; others need its name.

    `window` is the context in tokens, for servers that do not tell theirs, or tell more than they read. `read_timeout` is
    the longest silence in seconds, `connect_timeout` the longest wait for a connection.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None = None,
        model: str = _ANY,
        window: int = 0,
        connect_timeout: float = 3.0,
        read_timeout: float = 120.0,
    ) -> None:
        self.base_url = base_url.rstrip("/") + "/"
        self.model = model
        self.window = window
        self._timeout = httpx.Timeout(read_timeout, connect=connect_timeout)
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._counts = True
        self.refused: set[str] = set()  # parameters of a chat (runners/parameters.py)
        self._windows = windows.Windows()
        self._context: ssl.SSLContext | None = None
        self._lock = threading.Lock()

    def client(self, timeout: httpx.Timeout | None = None) -> httpx.Client:
        """A client for one exchange. It asks no proxy: prompts go to the address that was set, by no other way."""
        with self._lock:
            if self._context is None:
                self._context = httpx.create_ssl_context()  # 20 ms, so once a process
        return httpx.Client(
            base_url=self.base_url,
            headers=self._headers,
            timeout=timeout or self._timeout,
            verify=self._context,
            trust_env=False,
        )

    def post(self, path: str, body: Mapping[str, Any], timeout: httpx.Timeout | None = None) -> dict[str, Any]:
        """What it answers. Raises what its refusal stands for, and Unavailable."""
        try:
            with self.client(timeout) as client:
                response = client.post(path, json=body)
        except httpx.HTTPError as error:
            raise self.unreachable(error) from error
        if not response.is_success:
            raise wire.refusal(response)
        return wire.decoded(response.content)

    def unreachable(self, error: httpx.HTTPError, *, was_read: bool = True) -> Unavailable:
        """`was_read` says whether the model was at it, where the line was cut in the middle."""
        if isinstance(error, httpx.ReadTimeout):
            return Silent(f"The model server at {self.base_url} was silent for too long.")
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return Away(f"No model server answers at {self.base_url}. Is it running?")
        broke_off = f"The model server at {self.base_url} broke off: {error}"
        is_gone = isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError)
        return Away(broke_off, was_read=was_read) if is_gone else Unavailable(broke_off)

    def foreign(self, purpose: str) -> Unavailable:
        return Unavailable(f"What answers at {self.base_url} does not speak the OpenAI wire {purpose}.")

    def state(self) -> RunnerState:
        """What `GET /v1/models` tells of our model."""
        try:
            with self.client(_SHORT) as client:
                response = client.get("models")
        except httpx.HTTPError as error:
            return self._not_ready(self.unreachable(error))
        if not response.is_success:
            return self._not_ready(wire.refusal(response))
        listed = wire.decoded(response.content).get("data")
        served = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
        found = (
            served if self.model == _ANY else [one for name in self._names() for one in served if one.get("id") == name]
        )
        if not found:
            return self._state({}, is_ready=False, detail=self._missing(served))
        is_ready = found[0].get("state") != _LOADING
        detail = "" if is_ready else f"{self.model} is loading. Try again in a moment."
        return self._state(found[0], is_ready=is_ready, detail=detail)

    def _not_ready(self, fault: ChanceryError) -> RunnerState:
        state = self._state({}, is_ready=False, detail=fault.message)
        return replace(state, is_away=isinstance(fault, Away))

    def _names(self) -> tuple[str, ...]:
        """Ollama lists a model that was named without a tag with one."""
        return self.model, f"{self.model}:latest"

    def _missing(self, served: Sequence[Mapping[str, Any]]) -> str:
        names = [str(one.get("id")) for one in served]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        instead = f" It serves {', '.join(names[:_NAMED])}{more}." if names else ""
        return f"{self.base_url} does not serve {self.model}.{instead}"

    def cut_at(self, read: int) -> int:
        """The window that a prompt was cut at, of which `read` tokens were left (`Windows.cut_at`), or 0."""
        if not self._windows.is_ollama:
            return 0
        with self.client(_SHORT) as client:
            return self._windows.cut_at(client, self._names(), read)

    def count(self, text: str) -> int:
        return self.count_each([text])[0]

    def count_each(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text by `/tokenize` at the root, as our worker and llama-server serve it, or an estimate."""
        with self.client(_SHORT) as client:
            return [self._counted(client, text) if self._counts else tokens.estimate(text) for text in texts]

    def _counted(self, client: httpx.Client, text: str) -> int:
        try:
            response = client.post(httpx.URL(self.base_url).join("../tokenize"), json=self._text(text))
        except httpx.HTTPError as error:
            raise self.unreachable(error) from error
        found = wire.decoded(response.content).get("tokens") if response.is_success else None
        if isinstance(found, list):
            return len(found)
        # Loading or busy passes; anything else will be the same next time.
        self._counts = response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS
        return tokens.estimate(text)

    def _text(self, text: str) -> dict[str, str]:
        return {"content": text} if self.model == _ANY else {"content": text, "model": self.model}

    def _state(self, entry: Mapping[str, Any], *, is_ready: bool, detail: str) -> RunnerState:
        return RunnerState(
            model=str(entry.get("id") or self.model),
            sha256=str(entry.get("sha256") or ""),
            engine=str(entry.get("engine") or entry.get("owned_by") or ""),
            build=str(entry.get("build") or ""),
            context_window=self._window(entry),
            is_ready=is_ready,
            detail=detail,
        )

    def _window(self, entry: Mapping[str, Any]) -> int:
        """Our worker tells it as `context_window`; vLLM and llama-server by words of their own."""
        meta = entry.get("meta")
        meta = meta if isinstance(meta, dict) else {}
        told = entry.get("context_window") or entry.get("max_model_len") or meta.get("n_ctx")
        if not told and entry:
            with self.client(_SHORT) as client:
                told = self._windows.told(client, entry)
        window = int(wire.number(told))
        return min(window, self.window) if window and self.window else window or self.window
