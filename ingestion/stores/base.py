"""The port of vector stores.

Contract: what `search` returns, the scope may read, stands in one of `collections`, and belongs to a document's current
version. A store that cannot see the grants itself is asked with `collections` already narrowed by `access_filter`, and
its hits are read again under row-level security before anyone sees a word of them.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from governance.scope import Scope


@dataclass(frozen=True)
class Entry:
    """`vector` has length 1."""

    chunk: uuid.UUID
    collection: uuid.UUID
    version: uuid.UUID
    vector: NDArray[np.float32]


@dataclass(frozen=True)
class Hit:
    """`similarity` is the cosine: 1 for the same direction, 0 for nothing in common."""

    chunk: uuid.UUID
    similarity: float


class VectorStore(ABC):
    """`index` names the embedder: vectors of two embedders never meet."""

    @abstractmethod
    def upsert(self, scope: Scope, index: str, entries: Sequence[Entry]) -> None:
        """Write, over what stands there of the same chunk. Only background work writes; anyone else is refused."""

    @abstractmethod
    def delete(self, scope: Scope, version: uuid.UUID) -> None:
        """Forget every vector of a version, in every index. Nothing there is no error."""

    @abstractmethod
    def missing(self, scope: Scope, index: str, version: uuid.UUID) -> list[uuid.UUID]:
        """The chunks of a version that have no vector in this index, the shortest text first."""

    @abstractmethod
    def search(
        self,
        scope: Scope,
        index: str,
        query: NDArray[np.float32],
        collections: Sequence[uuid.UUID],
        limit: int,
        among: Sequence[uuid.UUID] | None = None,
    ) -> list[Hit]:
        """The nearest first, exact, ties by chunk id; `among` narrows to these chunks, within the contract above."""
