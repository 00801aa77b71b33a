"""Where a question is looked for, and as whom: the same for both ways of searching."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from governance import stopwatch
from governance.scope import Scope
from ingestion import stores
from ingestion.search import phrases, postings
from ingestion.search.postings import Match
from ingestion.stores.base import Hit


@dataclass(frozen=True)
class Place:
    """`documents` is None where the collections are not narrowed."""

    scope: Scope
    index: str
    collections: list[uuid.UUID]
    documents: Sequence[uuid.UUID] | None = None

    @stopwatch.step("vectors")
    def near(self, query: NDArray[np.floating[Any]], limit: int, among: Sequence[uuid.UUID] | None = None) -> list[Hit]:
        return stores.store().search(
            self.scope, self.index, query, self.collections, limit, among=among, documents=self.documents
        )

    @stopwatch.step("words")
    def worded(self, weights: postings.Weights, limit: int, among: Sequence[uuid.UUID] | None = None) -> list[Match]:
        return postings.search(self.scope, weights, self.collections, limit, among=among, documents=self.documents)

    @stopwatch.step("words")
    def holding(self, quoted: Sequence[str]) -> list[uuid.UUID]:
        """Chunks that may hold one of the phrases word for word."""
        found = [phrases.holding(self.scope, one, self.collections, self.documents) for one in quoted]
        return list(dict.fromkeys(chunk for chunks in found for chunk in chunks))
