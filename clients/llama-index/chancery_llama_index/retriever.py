"""Passages that the key's holder may read, as LlamaIndex's nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chancery_client import Chancery
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode


class ChanceryRetriever(BaseRetriever):
    """`collections` are names or ids; none are all that may be read. `options` are the client's, such as `timeout`."""

    def __init__(
        self, address: str, key: str, *, collections: Sequence[str] = (), limit: int = 8, **options: Any
    ) -> None:
        self._client = Chancery(address, key, **options)
        self._collections, self._limit = tuple(collections), limit
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        chosen = self._client.collection_ids(self._collections) or None
        found = self._client.search(query_bundle.query_str, collections=chosen, limit=self._limit)
        return [
            NodeWithScore(
                node=TextNode(
                    id_=one["chunk_id"],
                    text=one["text"],
                    metadata={name: value for name, value in one.items() if name not in {"text", "score"}},
                ),
                score=one["score"],
            )
            for one in found["passages"]
        ]
