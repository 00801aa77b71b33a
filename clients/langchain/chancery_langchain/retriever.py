"""Passages that the key's holder may read, as LangChain's documents."""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field

from chancery_langchain.connection import Connected


class ChanceryRetriever(Connected, BaseRetriever):
    """`collections` are names or ids; none are all that may be read."""

    collections: list[str] = Field(default_factory=list)
    limit: int = 8

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        chosen = self.client.collection_ids(self.collections) or None
        found = self.client.search(query, collections=chosen, limit=self.limit)
        return [
            Document(
                id=one["chunk_id"],
                page_content=one["text"],
                metadata={name: value for name, value in one.items() if name != "text"},
            )
            for one in found["passages"]
        ]
