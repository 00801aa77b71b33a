"""What some servers do not take of a request: today's closed models refuse what all others ask to be told."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import httpx

from governance.errors import InvalidInput
from inference.runners import wire

TRIES = 5  # of one request: as it is, and four times without what was refused
_SAMPLER = {"temperature", "seed", "stop"}
# A stop sequence is also found here, in what comes; without `stream_options` a server may not tell what it counted.
_DISPENSABLE = _SAMPLER | {"max_tokens", "stream_options"}
_INSTEAD = {"max_tokens": "max_completion_tokens"}
_REFUSALS = {httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY}
_UNKNOWN = re.compile(r'Unknown name "(\w+)"')  # Gemini's, which names it nowhere else


def without(body: Mapping[str, Any], refused: Collection[str]) -> dict[str, Any]:
    """The body with none of these, or with what stands for them elsewhere."""
    kept = {name: value for name, value in body.items() if name not in refused}
    return kept | {_INSTEAD[name]: body[name] for name in refused if name in body and name in _INSTEAD}


def left_out(body: Mapping[str, Any], refused: Collection[str]) -> tuple[str, ...]:
    """Those of the sampler that the model was not told, by their names."""
    return tuple(sorted(_SAMPLER & body.keys() & set(refused)))


def refused(response: httpx.Response, body: Mapping[str, Any]) -> set[str]:
    """Those for which it was refused. Raises what the refusal stands for, where it was for another reason."""
    fault = wire.refusal(response)
    names = _named(wire.decoded(response.content)) & _DISPENSABLE & body.keys()
    # vLLM names max_tokens where the prompt is over its window.
    if response.status_code not in _REFUSALS or isinstance(fault, InvalidInput) or not names:
        raise fault
    return names


def _named(told: Mapping[str, Any]) -> set[str]:
    """By `param`, as OpenAI does it; by a place in the body, as Mistral and others of FastAPI; or in the sentence alone."""
    error = told.get("error", told)
    error = error if isinstance(error, dict) else {"message": error}
    detail = told.get("detail")
    places = [one.get("loc") for one in detail if isinstance(one, dict)] if isinstance(detail, list) else []
    names = {str(place[1]) for place in places if isinstance(place, list) and len(place) > 1}
    return names | {str(error.get("param")).partition(".")[0]} | set(_UNKNOWN.findall(str(error.get("message"))))
