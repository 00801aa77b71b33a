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

    def carry_over(self, scope: Scope, index: str, before: uuid.UUID, version: uuid.UUID) -> int:
        """Give the chunks of `version` the vectors that those of `before` have in this index, where what is embedded of both
        is the same to the letter; for how many. A store that cannot leaves them to be embedded again.
        """
        return 0

    @abstractmethod
    def missing(self, scope: Scope, index: str, version: uuid.UUID) -> list[uuid.UUID]:
        """The chunks of a version that have no vector in this index, the shortest text first."""

    @abstractmethod
    def behind(self, scope: Scope, index: str, after: uuid.UUID | None, most: int) -> list[uuid.UUID]:
        """The tenant's chunks that have no vector in this index, by id, from after `after` on."""

    @abstractmethod
    def count(self, scope: Scope, index: str) -> int:
        """How many vectors an index holds, of all the tenant's chunks."""

    @abstractmethod
    def open(self, scope: Scope, index: str) -> None:
        """Make room for an index; again does no harm. The tenant's background work and its admins may."""

    @abstractmethod
    def discard(self, scope: Scope, index: str, most: int) -> int:
        """Forget up to `most` vectors of an index, or all at once where it can; returns how many. Background work alone."""

    @abstractmethod
    def search(
        self,
        scope: Scope,
        index: str,
        query: NDArray[np.float32],
        collections: Sequence[uuid.UUID],
        limit: int,
        among: Sequence[uuid.UUID] | None = None,
        documents: Sequence[uuid.UUID] | None = None,
    ) -> list[Hit]:
        """The nearest first, ties by chunk id, never fewer than `limit` of what is there; exact, but for what a store says of
        large collections. `among` narrows to these chunks and `documents` to what stands in these, both within the contract
        above, and are exact.
        """
