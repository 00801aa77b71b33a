"""The only read door to text. A chunk is what is stored; a passage is a chunk that this person was allowed to see.

Candidates are the nearest by vector and the best by words; each is scored both ways, and the two scores, each brought
to the same scale, are added, the words with a weight of a fifth. Ranks alone (RRF) were measured to be worse: they throw
away how much better the first is than the second.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from governance import access
from governance.actions import Action
from governance.errors import InvalidInput
from governance.scope import Scope
from governance.sentence import phrase, sentence
from inference import runners
from ingestion import catalog, postings, stores
from ingestion.models import Chunk, Classification, Document

CANDIDATES = 50  # by each of the two ways
LEXICAL_WEIGHT = 0.2
LIMIT_MAX = 50
Row = NDArray[np.floating[Any]]
_GONE = phrase("There is no such passage, or you may not see it.")


@dataclass(frozen=True)
class Passage:
    """`score` orders one result; `dense` (cosine) and `coverage` (share of the question's rare terms) compare across.

    `lexical` is BM25. `locator` says where in the document: page or heading. A quarantined one is not for a model: its
    document gave orders there as it came in.
    """

    chunk_id: uuid.UUID
    document_id: uuid.UUID
    document_name: str
    collection_id: uuid.UUID
    version_id: uuid.UUID
    ordinal: int
    text: str
    heading_path: tuple[str, ...]
    locator: Mapping[str, Any]
    content_hash: str
    is_quarantined: bool = False
    classification: str = Classification.INTERNAL
    score: float = 0.0
    dense: float = 0.0
    lexical: float = 0.0
    coverage: float = 0.0

    def as_facts(self, rank: int) -> dict[str, Any]:
        """What the record keeps of it in clear; the distance is 1 less the cosine, as the index counts it."""
        return {
            "rank": rank,
            "chunk": str(self.chunk_id),
            "document": str(self.document_id),
            "collection": str(self.collection_id),
            "sha256": self.content_hash,
            "score": self.score,
            "distance": round(1 - self.dense, 4),
        }

    @property
    def above(self) -> str:
        """What stands over it: its document's name, in words, and its headings. A year often stands there alone."""
        return "\n".join((re.sub(r"[-_.]+", " ", self.document_name), *self.heading_path))


@dataclass(frozen=True)
class Found:
    """Best first. `nearest` is the cosine of the nearest passage, `covered` the share of the question's weight, rare
    terms weighing more, that the passages hold together: both 0 to 1, and comparable across questions. `receipt` is JSON.
    """

    passages: tuple[Passage, ...]
    receipt: dict[str, Any]
    nearest: float = 0.0
    covered: float = 0.0

    def as_facts(self, asked: Sequence[uuid.UUID]) -> dict[str, Any]:
        """For the record, in clear. `asked` are the collections that were chosen."""
        return {
            "asked": sorted(str(one) for one in asked),
            "collections": [collection["id"] for collection in self.receipt["collections"]],
            "passages": [passage.as_facts(rank) for rank, passage in enumerate(self.passages, 1)],
        }


@dataclass
class _Scores:
    dense: dict[uuid.UUID, float] = field(default_factory=dict)
    lexical: dict[uuid.UUID, float] = field(default_factory=dict)
    terms: dict[uuid.UUID, frozenset[str]] = field(default_factory=dict)
    fused: dict[uuid.UUID, float] = field(default_factory=dict)

    @property
    def ranked(self) -> list[uuid.UUID]:
        return sorted(self.fused, key=lambda chunk: (-self.fused[chunk], chunk))


def passages(scope: Scope, question: str, collections: Sequence[uuid.UUID] = (), limit: int = 8) -> Found:
    """What this scope may read about the question; none of `collections` means all that it may read.

    Raises NotFound where one of `collections` may not be read, InvalidInput, and Unavailable without an embedder.
    """
    if not question.strip():
        raise InvalidInput("Say what to look for.")
    if not 1 <= limit <= LIMIT_MAX:
        raise InvalidInput(sentence("The limit lies between 1 and %(most)s.", most=LIMIT_MAX))
    searched = _searched(scope, collections)
    embedder = runners.embedder()
    # Before the transaction: a model at work must not hold a connection.
    query = embedder.embed([question], "query")[0] if searched else None
    with scope.transaction():
        weights = postings.weigh(scope, question, searched)
        scores = _Scores() if query is None else _score(scope, embedder.name, query, weights, searched)
        kept = _read(scope, scores, weights, scores.ranked[:limit])
        names = catalog.names(scope, searched)
    receipt = {
        "collections": [{"id": str(one), "name": names[one]} for one in searched if one in names],
        "index": embedder.name,
        "chunks": weights.chunks,
        "candidates": len(scores.fused),
        "lexical_weight": LEXICAL_WEIGHT,
        "kept": [_line(rank, passage) for rank, passage in enumerate(kept, 1)],
        "cut": _cut(scores, kept, limit),
    }
    return Found(
        passages=tuple(kept),
        receipt=receipt,
        nearest=max((passage.dense for passage in kept), default=0.0),
        covered=weights.coverage(term for passage in kept for term in scores.terms.get(passage.chunk_id, ())),
    )


def passage(scope: Scope, chunk: uuid.UUID) -> Passage:
    """One passage, as a citation opens it. Raises NotFound."""
    with scope.transaction():
        found = _passages(scope, [chunk])
    if not found:
        raise access.unseen(Action.COLLECTION_READ, "passage", chunk, _GONE)
    return found[chunk]


def neighbours(scope: Scope, one: Passage, most: int) -> tuple[list[Passage], list[Passage]]:
    """What stands before and after it in its document, at most `most` passages each, in the document's order."""
    with scope.transaction():
        rows = Chunk.objects.filter(tenant_id=scope.tenant, version_id=one.version_id)
        near = rows.filter(ordinal__range=(one.ordinal - most, one.ordinal + most)).exclude(id=one.chunk_id)
        found = sorted(_passages(scope, list(near.values_list("id", flat=True))).values(), key=lambda two: two.ordinal)
    return [two for two in found if two.ordinal < one.ordinal], [two for two in found if two.ordinal > one.ordinal]


def document_text(scope: Scope, document: uuid.UUID) -> list[Passage]:
    """What readers see of a document, in its order; empty while nothing is ready. Raises NotFound."""
    with scope.transaction():
        may = access.access_filter(scope, Action.COLLECTION_READ, "collection")
        row = Document.objects.filter(may, pk=document, collection__deleted_at=None).first()
        if row is None:
            message = phrase("There is no such document, or you may not see it.")
            raise access.unseen(Action.COLLECTION_READ, "document", document, message)
        if row.current_id is None:
            return []
        chunks = Chunk.objects.filter(tenant_id=scope.tenant, version_id=row.current_id).values_list("id", flat=True)
        found = _passages(scope, list(chunks))
    return sorted(found.values(), key=lambda one: one.ordinal)


def _searched(scope: Scope, asked: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    mine = catalog.readable(scope)
    if not asked:
        return mine
    for refused in sorted(set(asked) - set(mine)):
        message = phrase("There is no such collection, or you may not read it.")
        raise access.unseen(Action.COLLECTION_READ, "collection", refused, message)
    return [one for one in mine if one in set(asked)]


def _score(scope: Scope, index: str, query: Row, weights: postings.Weights, searched: list[uuid.UUID]) -> _Scores:
    store = stores.store()
    dense = store.search(scope, index, query, searched, CANDIDATES)
    lexical = postings.search(scope, weights, searched, CANDIDATES)
    scores = _Scores()
    # A chunk found one way is scored the other way too: its absence there is no judgement.
    by_words = [match.chunk for match in lexical if match.chunk not in {hit.chunk for hit in dense}]
    by_vector = [hit.chunk for hit in dense if hit.chunk not in {match.chunk for match in lexical}]
    dense += store.search(scope, index, query, searched, len(by_words), among=by_words) if by_words else []
    lexical += postings.search(scope, weights, searched, len(by_vector), among=by_vector) if by_vector else []
    for hit in dense:
        scores.dense[hit.chunk] = hit.similarity
    for match in lexical:
        scores.lexical[match.chunk] = match.score
        scores.terms[match.chunk] = match.found
    candidates = sorted(scores.dense.keys() | scores.lexical.keys())
    fused = (1 - LEXICAL_WEIGHT) * _standardised([scores.dense.get(one, 0.0) for one in candidates])
    fused = fused + LEXICAL_WEIGHT * _standardised([scores.lexical.get(one, 0.0) for one in candidates])
    scores.fused = dict(zip(candidates, fused.tolist(), strict=True))
    return scores


def _standardised(values: list[float]) -> Row:
    """In standard deviations from the mean; all zero where nothing differs."""
    row = np.asarray(values, dtype=np.float64)
    spread = row.std() if row.size else 0.0
    return (row - row.mean()) / spread if spread > 1e-9 else np.zeros_like(row)


def _read(scope: Scope, scores: _Scores, weights: postings.Weights, chunks: list[uuid.UUID]) -> list[Passage]:
    found = _passages(scope, chunks)
    return [
        replace(
            found[one],
            score=round(scores.fused[one], 4),
            dense=round(scores.dense.get(one, 0.0), 4),
            lexical=round(scores.lexical.get(one, 0.0), 4),
            coverage=round(weights.coverage(scores.terms.get(one, ())), 4),
        )
        for one in chunks
        if one in found
    ]


def _passages(scope: Scope, chunks: Sequence[uuid.UUID]) -> dict[uuid.UUID, Passage]:
    """Those of the chunks that this scope may read and that are of a current version. Row-level security asks again."""
    rows = list(Chunk.objects.filter(tenant_id=scope.tenant, id__in=chunks))
    may = access.access_filter(scope, Action.COLLECTION_READ, "collection")
    shown = Document.objects.filter(may, pk__in={row.document_id for row in rows}, collection__deleted_at=None)
    told = shown.values_list("pk", "current_id", "name", "collection__classification")
    of = {(pk, current): (name, label) for pk, current, name, label in told}
    return {
        row.id: Passage(
            chunk_id=row.id,
            document_id=row.document_id,
            document_name=of[row.document_id, row.version_id][0],
            collection_id=row.collection_id,
            version_id=row.version_id,
            ordinal=row.ordinal,
            text=row.text,
            heading_path=tuple(row.heading_path),
            locator=row.locator,
            content_hash=row.content_hash,
            is_quarantined=row.is_quarantined,
            classification=of[row.document_id, row.version_id][1],
        )
        for row in rows
        if (row.document_id, row.version_id) in of
    }


def _line(rank: int, one: Passage) -> dict[str, Any]:
    return {
        "rank": rank,
        "chunk": str(one.chunk_id),
        "document": str(one.document_id),
        "name": one.document_name,
        "score": one.score,
        "dense": one.dense,
        "lexical": one.lexical,
        "coverage": one.coverage,
    }


def _cut(scores: _Scores, kept: list[Passage], limit: int) -> list[dict[str, Any]]:
    """The next best, and why they were left out: enough to judge the line that was drawn."""
    taken = {passage.chunk_id for passage in kept}
    left = [one for one in scores.ranked if one not in taken][:limit]
    return [
        {"chunk": str(one), "score": round(scores.fused[one], 4), "why": f"not among the best {limit}"} for one in left
    ]
