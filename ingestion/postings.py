"""The inverted index: which chunk holds which term how often, and BM25 over it.

What is counted (in how many chunks a term stands, how many chunks there are, how long they are) is counted in what
row-level security lets this person see. Figures of the whole tenant would tell what others' documents speak of.
"""

from __future__ import annotations

import math
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from governance.scope import Scope
from ingestion import terms

K1 = 1.2
B = 0.75
# Every chunk has one posting of the empty term: counting those, by equality in the index, counts the chunks.
EVERY = ""
_TERM_MAX = 80
_SMALLINT_MAX = 32_767
_AT_ONCE = 5_000  # rows in one statement

# One statement for all: a statement a row would cost more than embedding the text does.
INSERT = """
INSERT INTO posting (tenant_id, term, chunk_id, collection_id, version_id, tf, length)
SELECT %s, * FROM unnest(%s::varchar[], %s::uuid[], %s::uuid[], %s::uuid[], %s::smallint[], %s::smallint[])
ON CONFLICT (tenant_id, term, chunk_id) DO UPDATE SET tf = EXCLUDED.tf, length = EXCLUDED.length
"""

MINE = """
WITH shown AS MATERIALIZED (
    SELECT d.current_id FROM document d
    WHERE d.tenant_id = %(tenant)s AND d.collection_id = ANY (%(collections)s::uuid[]) AND d.current_id IS NOT NULL
), mine AS (
    SELECT p.term, p.chunk_id, p.tf, p.length FROM posting p
    JOIN shown ON shown.current_id = p.version_id
    WHERE p.tenant_id = %(tenant)s AND p.term = ANY (%(terms)s::varchar[])
)
"""

COUNT = MINE + "SELECT term, count(*), avg(length)::float8 FROM mine GROUP BY term"

SCORE = (
    MINE
    + """
SELECT m.chunk_id,
       sum(w.weight * m.tf * (%(k1)s + 1) / (m.tf + %(k1)s * (1 - %(b)s + %(b)s * m.length / %(mean)s))) AS score,
       array_agg(m.term)
FROM mine m JOIN unnest(%(terms)s::varchar[], %(weights)s::float8[]) AS w (term, weight) ON w.term = m.term
WHERE (%(among)s::uuid[] IS NULL OR m.chunk_id = ANY (%(among)s::uuid[]))
GROUP BY m.chunk_id ORDER BY score DESC, m.chunk_id LIMIT %(limit)s
"""
)


@dataclass(frozen=True)
class Text:
    """What of a chunk is indexed."""

    chunk: uuid.UUID
    collection: uuid.UUID
    version: uuid.UUID
    text: str


@dataclass(frozen=True)
class Weights:
    """What this person can see of the question's terms: the rarer among their chunks, the heavier (BM25's idf)."""

    chunks: int
    mean_length: float
    by_term: Mapping[str, float]

    def coverage(self, found: Iterable[str]) -> float:
        """The share of the question's weight that `found` holds, 0 to 1. A term that stands nowhere weighs most."""
        whole = sum(self.by_term.values())
        return sum(self.by_term[term] for term in set(found) if term in self.by_term) / whole if whole else 0.0


@dataclass(frozen=True)
class Match:
    chunk: uuid.UUID
    score: float
    found: frozenset[str]


def write(scope: Scope, texts: Sequence[Text]) -> None:
    """Index the chunks; again does no harm. Only background work may."""
    rows: list[tuple[str, uuid.UUID, uuid.UUID, uuid.UUID, int, int]] = []
    for one in texts:
        counted = Counter(term[:_TERM_MAX] for term in terms.terms(one.text))
        length = min(sum(counted.values()), _SMALLINT_MAX)
        for term, often in [(EVERY, 1), *counted.items()]:
            rows.append((term, one.chunk, one.collection, one.version, min(often, _SMALLINT_MAX), length))
    with scope.transaction(), connection.cursor() as cursor:
        for start in range(0, len(rows), _AT_ONCE):
            columns = [list(column) for column in zip(*rows[start : start + _AT_ONCE], strict=True)]
            cursor.execute(INSERT, [scope.tenant, *columns])


def delete(scope: Scope, version: uuid.UUID) -> None:
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM posting WHERE tenant_id = %s AND version_id = %s", [scope.tenant, version])


def weigh(scope: Scope, question: str, collections: Sequence[uuid.UUID]) -> Weights:
    asked = sorted({term[:_TERM_MAX] for term in terms.terms(question)})
    values: dict[str, Any] = {"tenant": scope.tenant, "collections": list(collections), "terms": [EVERY, *asked]}
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute(COUNT, values)
        counted = {term: (often, mean) for term, often, mean in cursor.fetchall()}
    chunks, mean = counted.get(EVERY, (0, 0.0))
    often = {term: counted.get(term, (0, 0.0))[0] for term in asked}
    by_term = {term: math.log(1 + (chunks - n + 0.5) / (n + 0.5)) for term, n in often.items()}
    return Weights(chunks, max(mean, 1.0), by_term)


def search(
    scope: Scope,
    weights: Weights,
    collections: Sequence[uuid.UUID],
    limit: int,
    among: Sequence[uuid.UUID] | None = None,
) -> list[Match]:
    """The best by BM25 first, ties by chunk id; `among` narrows to these chunks."""
    asked = list(weights.by_term)
    values: dict[str, Any] = {
        "tenant": scope.tenant,
        "collections": list(collections),
        "terms": asked,
        "weights": [weights.by_term[term] for term in asked],
        "mean": weights.mean_length,
        "k1": K1,
        "b": B,
        "among": None if among is None else list(among),
        "limit": limit,
    }
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute(SCORE, values)
        return [Match(chunk, float(score), frozenset(found)) for chunk, score, found in cursor.fetchall()]
