"""What some servers do not take of a request: today's closed models refuse what all others ask to be told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import httpx

from governance.errors import InvalidInput
from inference.runners import wire

TRIES = 4  # of one request: as it is, and three times without what was refused
_DISPENSABLE = {"max_tokens", "temperature", "seed", "stop"}  # a stop sequence is also found here, in what comes
_INSTEAD = {"max_tokens": "max_completion_tokens"}


def without(body: Mapping[str, Any], refused: Collection[str]) -> dict[str, Any]:
    """The body with none of these, or with what stands for them elsewhere."""
    kept = {name: value for name, value in body.items() if name not in refused}
    return kept | {_INSTEAD[name]: body[name] for name in refused if name in body and name in _INSTEAD}


def refused(response: httpx.Response, body: Mapping[str, Any]) -> str:
    """The one for which it was refused. Raises what the refusal stands for, where it was for another reason."""
    fault = wire.refusal(response)
    error = wire.decoded(response.content).get("error")
    name = str(error.get("param")) if isinstance(error, dict) else ""
    # vLLM names max_tokens where the prompt is over its window.
    if response.status_code != httpx.codes.BAD_REQUEST or isinstance(fault, InvalidInput):
        raise fault
    if name not in _DISPENSABLE or name not in body:
        raise fault
    return name
