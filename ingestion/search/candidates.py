"""What either way of searching finds, each scored both ways."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ingestion.search.place import Place
from ingestion.search.postings import Weights

MOST = 50  # by each of the two ways, at least
Row = NDArray[np.float64]


@dataclass(frozen=True)
class Candidates:
    """Sorted by id. `dense` is the cosine, `lexical` BM25; `found` are the words of the question that stand in each."""

    chunks: tuple[uuid.UUID, ...] = ()
    dense: Row = field(default_factory=lambda: np.zeros(0))
    lexical: Row = field(default_factory=lambda: np.zeros(0))
    found: Mapping[uuid.UUID, frozenset[str]] = field(default_factory=dict)
    has_more: bool = False  # either way may find further ones

    @property
    def nearest(self) -> list[int]:
        """Places of the candidates, the nearest first."""
        return [int(at) for at in np.argsort(-self.dense, kind="stable")]


def gather(
    place: Place, query: NDArray[np.float32], weights: Weights, most: int = MOST, quoted: Sequence[uuid.UUID] = ()
) -> Candidates:
    """The nearest by vector and the best by words, `most` of each, in the caller's transaction, and the nearest of
    `quoted`, which hold what stands in quotes.
    """
    dense, lexical = place.near(query, most), place.worded(weights, most)
    has_more = most in {len(dense), len(lexical)}
    if quoted:
        near_already = {hit.chunk for hit in dense}
        dense += [hit for hit in place.near(query, most, quoted) if hit.chunk not in near_already]
    # A chunk found one way is scored the other way too: its absence there is no judgement.
    by_words = [match.chunk for match in lexical if match.chunk not in {hit.chunk for hit in dense}]
    by_vector = [hit.chunk for hit in dense if hit.chunk not in {match.chunk for match in lexical}]
    dense += place.near(query, len(by_words), by_words) if by_words else []
    lexical += place.worded(weights, len(by_vector), by_vector) if by_vector else []
    near = {hit.chunk: hit.similarity for hit in dense}
    worded = {match.chunk: match.score for match in lexical}
    chunks = tuple(sorted(near.keys() | worded.keys()))
    return Candidates(
        chunks,
        np.array([near.get(one, 0.0) for one in chunks]),
        np.array([worded.get(one, 0.0) for one in chunks]),
        {match.chunk: match.found for match in lexical},
        has_more,
    )
