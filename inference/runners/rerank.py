"""Reranking over `POST /v1/rerank`, as llama-server, vLLM, Jina, Cohere and others serve it."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from governance.errors import ChanceryError, InvalidInput
from inference.runners import location
from inference.runners.base import Away, Refused, RerankRunner, RunnerState, Silent
from inference.runners.server import Server

_LEAST = 200  # characters: what is refused at that length is refused for another reason
_MOMENT_S = 0.001  # none at all would be another fault than one of time
_TOO_LONG = re.compile(r"too large|too long|longer than|exceed|maximum", re.IGNORECASE)


class RerankServer(RerankRunner):
    """`most` texts go into one request, each cut to `longest` characters: a model reads 512 tokens or so, and some servers
    refuse what is longer instead of leaving out its end. Then half of it is sent.

    `read_timeout` is for all that one question asks of it. Where that was not enough, nothing is asked for as long again: a
    question may be put in several ways, one search after the other. The rest is as in `Server`.
    """

    def __init__(
        self,
        base_url: str,
        model: str = "default",
        api_key: str | None = None,
        most: int = 32,
        longest: int = 1500,
        connect_timeout: float = 3.0,
        read_timeout: float = 10.0,
    ) -> None:
        self.name = model
        self.most = most
        self._longest = longest
        self._connect_s, self._within_s = connect_timeout, read_timeout
        self._silent_until = 0.0
        self._server = Server(base_url, api_key, model, 0, connect_timeout, read_timeout)

    @property
    def is_in_house(self) -> bool:  # type: ignore[override]
        return location.is_in_house(self._server.base_url)

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        if time.monotonic() < self._silent_until:
            raise Silent(f"The model server at {self._server.base_url} was silent a moment ago, and is not asked.")
        until, scores = time.monotonic() + self._within_s, list[float]()
        try:
            for start in range(0, len(texts), self.most):
                scores += self._scores(query[: self._longest], texts[start : start + self.most], until)
        except (Silent, Away):
            self._silent_until = time.monotonic() + self._within_s
            raise
        return scores

    def probe(self) -> RunnerState:
        return self._server.state()

    def _scores(self, query: str, texts: Sequence[str], until: float) -> list[float]:
        longest = self._longest
        while True:
            try:
                return self._asked(query, [text[:longest] for text in texts], until - time.monotonic())
            except ChanceryError as fault:
                if longest < _LEAST or not _is_too_long(fault):
                    raise
                longest //= 2

    def _asked(self, query: str, texts: Sequence[str], within_s: float) -> list[float]:
        body = {"model": self.name, "query": query, "documents": texts, "top_n": len(texts), "return_documents": False}
        timeout = httpx.Timeout(max(within_s, _MOMENT_S), connect=self._connect_s)
        answer = self._server.post("rerank", body, timeout)
        try:
            return _in_order(answer["results"], len(texts))
        except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
            raise self._server.foreign("for reranking") from error


def _is_too_long(fault: ChanceryError) -> bool:
    """In words of ours, where the server named its window, or else in the server's own."""
    return isinstance(fault, InvalidInput) or (isinstance(fault, Refused) and bool(_TOO_LONG.search(fault.message)))


def _in_order(results: Sequence[Mapping[str, Any]], count: int) -> list[float]:
    """By `index`: they come with the best first. ValueError unless each text has one score."""
    scores = {int(one["index"]): float(one["relevance_score"]) for one in results}
    if set(scores) != set(range(count)) or not all(map(math.isfinite, scores.values())):
        raise ValueError(len(scores))
    return [scores[at] for at in range(count)]
