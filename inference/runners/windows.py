"""How much a server really reads, where the OpenAI wire does not tell it: Ollama's and LM Studio's own words.

Both load a model with a window of a few thousand tokens, whatever the model could read, and Ollama cuts what is longer
without a word. Shapes as documented in 2026: Ollama's `/api/ps` and `/api/show`, LM Studio's `/api/v0/models`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx

from inference.runners import wire

OLLAMA_USUAL = 4096  # where neither the model's file nor the server's settings say another
_NUM_CTX = re.compile(r"^num_ctx\s+(\d+)", re.MULTILINE)


class Windows:
    """Of one server. Whether it is Ollama is asked once: a closed API is not asked over and over for what it has not."""

    def __init__(self) -> None:
        self._is_ollama: bool | None = None

    def told(self, client: httpx.Client, entry: Mapping[str, Any]) -> int:
        """Tokens, or 0 where this is neither of them. `client` stands at the address that ends in /v1."""
        name = str(entry.get("id") or "")
        if entry.get("owned_by") == "organization_owner":
            return _lm_studio(client, name)
        # Ollama's owner is the namespace of the model's name, so that it can be anything; `library` is its own models'.
        return _ollama(client, name) if entry.get("owned_by") == "library" or self._asks(client) else 0

    def _asks(self, client: httpx.Client) -> bool:
        """Whether it has Ollama's door. One that cannot be reached now is asked again."""
        if self._is_ollama is None:
            try:
                answer = client.get(client.base_url.join("../api/ps"))
            except httpx.HTTPError:
                return False
            if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
                return False
            self._is_ollama = answer.is_success and isinstance(wire.decoded(answer.content).get("models"), list)
        return self._is_ollama


def _ollama(client: httpx.Client, name: str) -> int:
    loaded = _asked(client, "GET", "../api/ps").get("models")
    for one in loaded if isinstance(loaded, list) else ():
        if isinstance(one, dict) and name in {one.get("name"), one.get("model")} and one.get("context_length"):
            return int(wire.number(one["context_length"]))
    parameters = str(_asked(client, "POST", "../api/show", {"model": name}).get("parameters") or "")
    found = _NUM_CTX.search(parameters)
    return int(found[1]) if found else OLLAMA_USUAL


def _lm_studio(client: httpx.Client, name: str) -> int:
    """0 while it is not loaded: with what window it will be is its owner's setting, which nobody tells."""
    return int(wire.number(_asked(client, "GET", f"../api/v0/models/{name}").get("loaded_context_length")))


def _asked(client: httpx.Client, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    try:
        answer = client.request(method, client.base_url.join(path), json=body)
    except httpx.HTTPError:
        return {}
    return wire.decoded(answer.content) if answer.is_success else {}
