"""Embeddings over the OpenAI wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from inference.runners import location
from inference.runners.base import EmbeddingRunner, RunnerState, Vectors, normalised
from inference.runners.server import Server


class OpenAIEmbeddings(EmbeddingRunner):
    """`model` is the server's name for it, `dimensions` and `max_tokens` what its card says.

    Some models were trained with words before each text, such as `query: `; `query_prefix` and `passage_prefix` are
    those. `batch` texts go into one request; `near` is the cosine from which on a passage counts as evidence, `spread` how far
    cosines lie apart, `languages` those that it was trained on (docs/retrieval.md). The rest is as in `Server`.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        dimensions: int,
        max_tokens: int = 512,
        api_key: str | None = None,
        query_prefix: str = "",
        passage_prefix: str = "",
        batch: int = 16,
        near: float = 0.26,
        spread: float = 0.065,
        languages: Sequence[str] = (),
        connect_timeout: float = 3.0,
        read_timeout: float = 120.0,
    ) -> None:
        self.name = model
        self.dimensions = dimensions
        self.max_tokens = max_tokens
        self.batch = batch
        self.near = near
        self.spread = spread
        self.languages = tuple(languages)
        self._prefixes = {"query": query_prefix, "passage": passage_prefix}
        self._server = Server(base_url, api_key, model, max_tokens, connect_timeout, read_timeout)

    @property
    def is_in_house(self) -> bool:  # type: ignore[override]
        return location.is_in_house(self._server.base_url)

    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Vectors:
        result = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        prefixed = [self._prefixes[kind] + text for text in texts]
        for start in range(0, len(prefixed), self.batch):
            chosen = prefixed[start : start + self.batch]
            result[start : start + len(chosen)] = self._vectors(chosen)
        return normalised(result)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [self._server.count(text) for text in texts]

    def probe(self) -> RunnerState:
        return self._server.state()

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        body = {"model": self.name, "input": list(texts), "encoding_format": "float"}
        answer = self._server.post("embeddings", body)
        try:
            return self._rows(answer["data"], len(texts))
        except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
            raise self._server.foreign(f"for embeddings of {self.dimensions} dimensions") from error

    def _rows(self, data: list[dict[str, Any]], count: int) -> Vectors:
        """By `index`: nothing promises that the order is kept."""
        rows = {int(entry["index"]): entry["embedding"] for entry in data}
        vectors = np.array([rows[index] for index in range(count)], dtype=np.float32)
        if vectors.shape != (count, self.dimensions) or not np.isfinite(vectors).all():
            raise ValueError(vectors.shape)
        return vectors
