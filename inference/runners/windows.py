"""How much a server really reads, where the OpenAI wire does not tell it: Ollama's and LM Studio's own words.

Both load a model with a window of a few thousand tokens, whatever the model could read, and Ollama cuts what is longer
without a word. Shapes as documented in 2026: Ollama's `/api/ps` and `/api/show`, LM Studio's `/api/v0/models`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import httpx

from inference.runners import wire

OLLAMA_USUAL = 4096  # where neither the model's file nor the server's settings say another
_HALF_AND = 8  # tokens more than half of the window that Ollama may leave of a prompt: it leaves 2 or 3
_NUM_CTX = re.compile(r"^num_ctx\s+(\d+)", re.MULTILINE)


class Windows:
    """Of one server. Whether it is Ollama is asked once: a closed API is not asked over and over for what it has not.

    Ollama unloads what is idle, and tells the window of what is loaded alone: that which a model had last is remembered.
    """

    def __init__(self) -> None:
        self.is_ollama: bool | None = None
        self._last: tuple[str, int] = "", 0  # a model's name and window

    def told(self, client: httpx.Client, entry: Mapping[str, Any]) -> int:
        """Tokens, or 0 where this is neither of them. `client` stands at the address that ends in /v1."""
        name = str(entry.get("id") or "")
        if entry.get("owned_by") == "organization_owner":
            return _lm_studio(client, name)
        # Ollama's owner is the namespace of the model's name, so that it can be anything; `library` is its own models'.
        if entry.get("owned_by") == "library":
            self.is_ollama = True
        return self._ollama(client, name) if self._asks(client) else 0

    def cut_at(self, client: httpx.Client, names: Collection[str], read: int) -> int:
        """The window, where `read` tokens are what Ollama leaves of whatever is longer; else 0.

        To be asked of Ollama when the answer has ended: what is loaded is what has read it then.
        """
        window = self._loaded(client, names)
        is_cut = 0 <= read - window // 2 <= _HALF_AND or read in {window, window - 1}  # older ones leave all of it
        return window if is_cut else 0

    def _asks(self, client: httpx.Client) -> bool:
        """Whether it has Ollama's door. One that cannot be reached now is asked again."""
        if self.is_ollama is None:
            try:
                answer = client.get(client.base_url.join("../api/ps"))
            except httpx.HTTPError:
                return False
            if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
                return False
            self.is_ollama = answer.is_success and isinstance(wire.decoded(answer.content).get("models"), list)
        return self.is_ollama

    def _ollama(self, client: httpx.Client, name: str) -> int:
        """While it is not loaded, the least of what is known."""
        if window := self._loaded(client, {name}):
            return window
        parameters = str(_asked(client, "POST", "../api/show", {"model": name}).get("parameters") or "")
        set_for_it = _NUM_CTX.search(parameters)
        of_whom, last = self._last
        known = [int(set_for_it[1])] if set_for_it else []
        known += [last] if of_whom == name else []
        return min(known, default=OLLAMA_USUAL)

    def _loaded(self, client: httpx.Client, names: Collection[str]) -> int:
        """0 while it is not."""
        loaded = _asked(client, "GET", "../api/ps").get("models")
        for one in loaded if isinstance(loaded, list) else ():
            if not isinstance(one, dict):
                continue
            named = {str(one.get("name")), str(one.get("model"))}.intersection(names)
            if named and (window := int(wire.number(one.get("context_length")))):
                self._last = min(named), window
                return window
        return 0


def _lm_studio(client: httpx.Client, name: str) -> int:
    """0 while it is not loaded: with what window it will be is its owner's setting, which nobody tells."""
    return int(wire.number(_asked(client, "GET", f"../api/v0/models/{name}").get("loaded_context_length")))


def _asked(client: httpx.Client, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    try:
        answer = client.request(method, client.base_url.join(path), json=body)
    except httpx.HTTPError:
        return {}
    return wire.decoded(answer.content) if answer.is_success else {}
