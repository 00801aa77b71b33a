"""Vectors in Postgres, beside the rows they belong to, under the same row-level security and in the same transaction.

Search is exact: every vector that the caller may see is compared. An approximate index shared by people with different
rights would lose answers silently, because it stops looking before it has met enough of what a person may see. Where what a
person may see takes too long, graphs of single collections stand in (ingestion.stores.graphs).
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from governance.scope import Scope
from ingestion.stores import graphs, narrow
from ingestion.stores.base import Entry, Hit, VectorStore

# The tenant is said as a value in every table's condition, here as wherever a partitioned table is named: Postgres then plans
# for one partition and locks no other. Row-level security asks for the tenant too, but only as the statement runs.

# One statement for all: a statement a row would be planned and checked as often.
UPSERT = """
INSERT INTO embedding (tenant_id, index_name, chunk_id, collection_id, version_id, vector)
SELECT %s, %s, one.chunk, one.collection, one.version, one.vector::vector
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[]) AS one (chunk, collection, version, vector)
ON CONFLICT (tenant_id, index_name, chunk_id) DO UPDATE SET vector = EXCLUDED.vector
"""

# What is embedded is compared whole: a hash would only say that it may be the same.
CARRY_OVER = """
INSERT INTO embedding (tenant_id, index_name, chunk_id, collection_id, version_id, vector)
SELECT DISTINCT ON (n.id) n.tenant_id, e.index_name, n.id, n.collection_id, n.version_id, e.vector
FROM chunk n
JOIN chunk o ON o.tenant_id = %(tenant)s AND o.version_id = %(before)s AND o.context = n.context
JOIN embedding e ON e.tenant_id = %(tenant)s AND e.index_name = %(index)s AND e.chunk_id = o.id
WHERE n.tenant_id = %(tenant)s AND n.version_id = %(version)s
ORDER BY n.id, o.ordinal
ON CONFLICT (tenant_id, index_name, chunk_id) DO NOTHING
"""

# The shortest first: texts of like length are then embedded together, and a batch costs what its longest costs.
MISSING = """
SELECT c.id FROM chunk c
WHERE c.tenant_id = %(tenant)s AND c.version_id = %(version)s AND NOT EXISTS (
    SELECT 1 FROM embedding e WHERE e.tenant_id = %(tenant)s AND e.index_name = %(index)s AND e.chunk_id = c.id)
ORDER BY length(c.context), c.ordinal
"""

BEHIND = """
SELECT c.id FROM chunk c
WHERE c.tenant_id = %(tenant)s AND (%(after)s::uuid IS NULL OR c.id > %(after)s::uuid) AND NOT c.is_kept_back AND NOT EXISTS (
    SELECT 1 FROM embedding e
    WHERE e.tenant_id = %(tenant)s AND e.index_name = %(index)s AND e.chunk_id = c.id)
ORDER BY c.id LIMIT %(most)s
"""

DISCARD = """
DELETE FROM embedding e WHERE e.tenant_id = %(tenant)s AND e.index_name = %(index)s AND e.chunk_id IN (
    SELECT d.chunk_id FROM embedding d WHERE d.tenant_id = %(tenant)s AND d.index_name = %(index)s LIMIT %(most)s)
"""

SEARCH = (
    narrow.SHOWN
    + """
SELECT e.chunk_id, 1 - (e.vector <=> %(query)s::vector) FROM embedding e
JOIN shown ON shown.current_id = e.version_id
WHERE e.tenant_id = %(tenant)s AND e.index_name = %(index)s AND e.collection_id = ANY (%(collections)s::uuid[])
  AND (%(among)s::uuid[] IS NULL OR e.chunk_id = ANY (%(among)s::uuid[]))
ORDER BY 2 DESC, 1 LIMIT %(limit)s
"""
)


class PgVector(VectorStore):
    """`graphs_from` is how many chunks are scanned exactly at most where there are graphs, 0 for any number;
    `graph_mb` the memory to build one in.
    """

    def __init__(self, graphs_from: int = 0, graph_mb: int = 512) -> None:
        self.graphs_from = graphs_from
        self.graph_mb = graph_mb

    def upsert(self, scope: Scope, index: str, entries: Sequence[Entry]) -> None:
        columns: list[list[Any]] = [
            [one.chunk for one in entries],
            [one.collection for one in entries],
            [one.version for one in entries],
            [_text(one.vector) for one in entries],
        ]
        with scope.transaction(), connection.cursor() as cursor:
            cursor.execute(UPSERT, [scope.tenant, index, *columns])

    def delete(self, scope: Scope, version: uuid.UUID) -> None:
        with scope.transaction(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM embedding WHERE tenant_id = %s AND version_id = %s", [scope.tenant, version])

    def carry_over(self, scope: Scope, index: str, before: uuid.UUID, version: uuid.UUID) -> int:
        values: dict[str, Any] = {"tenant": scope.tenant, "index": index, "before": before, "version": version}
        with scope.transaction(), connection.cursor() as cursor:
            cursor.execute(CARRY_OVER, values)
            return int(cursor.rowcount)

    def missing(self, scope: Scope, index: str, version: uuid.UUID) -> list[uuid.UUID]:
        values: dict[str, Any] = {"tenant": scope.tenant, "index": index, "version": version}
        with scope.transaction(), connection.cursor() as cursor:
            cursor.execute(MISSING, values)
            return [row[0] for row in cursor.fetchall()]

    def behind(self, scope: Scope, index: str, after: uuid.UUID | None, most: int) -> list[uuid.UUID]:
        values: dict[str, Any] = {"tenant": scope.tenant, "index": index, "after": after, "most": most}
        with scope.transaction(), connection.cursor() as cursor:
            cursor.execute(BEHIND, values)
            return [row[0] for row in cursor.fetchall()]

    def count(self, scope: Scope, index: str) -> int:
        with scope.transaction(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM embedding WHERE tenant_id = %s AND index_name = %s", [scope.tenant, index]
            )
            return int(cursor.fetchone()[0])

    def open(self, scope: Scope, index: str) -> None:
        with scope.transaction(), connection.cursor() as cursor:
            cursor.execute("SELECT chancery.open_index(%s)", [index])

    def discard(self, scope: Scope, index: str, most: int) -> int:
        values: dict[str, Any] = {"tenant": scope.tenant, "index": index, "most": most}
        with scope.transaction(), connection.cursor() as cursor:
            cursor.execute(DISCARD, values)
            gone = int(cursor.rowcount)
            if gone < most:
                cursor.execute("SELECT chancery.close_index(%s)", [index])
            return gone

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
        text = _text(query)
        with scope.transaction():
            hits, rest = list[Hit](), list(collections)
            if among is None and documents is None:
                hits, rest = graphs.search(scope, index, text, collections, limit, self.graphs_from)
            if rest:
                values = narrow.shown(scope, rest, documents) | {
                    "index": index,
                    "query": text,
                    "among": None if among is None else list(among),
                    "limit": limit,
                }
                hits += [Hit(chunk, float(similarity)) for chunk, similarity in narrow.rows(SEARCH, values)]
            return sorted(hits, key=lambda hit: (-hit.similarity, hit.chunk))[:limit]


def _text(vector: NDArray[np.float32]) -> str:
    """As pgvector reads it. Nine digits tell any number of 32 bits from the next."""
    return _form(vector.size) % tuple(vector.tolist())


@functools.cache
def _form(dimensions: int) -> str:
    return f"[{','.join(['%.9g'] * dimensions)}]"
