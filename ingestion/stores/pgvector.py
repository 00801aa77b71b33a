"""Vectors in Postgres, beside the rows they belong to, under the same row-level security and in the same transaction.

Search is exact: every vector that the caller may see is compared. An approximate index shared by people with different
rights would lose answers silently, because it stops looking before it has met enough of what a person may see.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from pgvector import Vector

from governance.scope import Scope
from ingestion.stores.base import Entry, Hit, VectorStore

UPSERT = """
INSERT INTO embedding (tenant_id, index_name, chunk_id, collection_id, version_id, vector)
VALUES (%s, %s, %s, %s, %s, %s::vector)
ON CONFLICT (tenant_id, index_name, chunk_id) DO UPDATE SET vector = EXCLUDED.vector
"""

# The shortest first: texts of like length are then embedded together, and a batch costs what its longest costs.
MISSING = """
SELECT c.id FROM chunk c
WHERE c.tenant_id = %s AND c.version_id = %s AND NOT EXISTS (
    SELECT 1 FROM embedding e WHERE e.tenant_id = c.tenant_id AND e.index_name = %s AND e.chunk_id = c.id)
ORDER BY length(c.context), c.ordinal
"""

# The tenant is said in every table's condition: Postgres then plans for one partition and reads no other.
# The version is compared with the document's current one in the same snapshot: a flip is seen whole or not at all.
SEARCH = """
WITH shown AS MATERIALIZED (
    SELECT d.current_id FROM document d
    WHERE d.tenant_id = %(tenant)s AND d.collection_id = ANY (%(collections)s::uuid[]) AND d.current_id IS NOT NULL
)
SELECT e.chunk_id, 1 - (e.vector <=> %(query)s::vector) FROM embedding e
JOIN shown ON shown.current_id = e.version_id
WHERE e.tenant_id = %(tenant)s AND e.index_name = %(index)s
  AND (%(among)s::uuid[] IS NULL OR e.chunk_id = ANY (%(among)s::uuid[]))
ORDER BY 2 DESC, 1 LIMIT %(limit)s
"""


class PgVector(VectorStore):
    def upsert(self, scope: Scope, index: str, entries: Sequence[Entry]) -> None:
        rows = [
            (scope.tenant, index, entry.chunk, entry.collection, entry.version, _text(entry.vector))
            for entry in entries
        ]
        with scope.transaction(), connection.cursor() as cursor:
            cursor.executemany(UPSERT, rows)

    def delete(self, scope: Scope, version: uuid.UUID) -> None:
        with scope.transaction(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM embedding WHERE tenant_id = %s AND version_id = %s", [scope.tenant, version])

    def missing(self, scope: Scope, index: str, version: uuid.UUID) -> list[uuid.UUID]:
        with scope.transaction(), connection.cursor() as cursor:
            cursor.execute(MISSING, [scope.tenant, version, index])
            return [row[0] for row in cursor.fetchall()]

    def search(
        self,
        scope: Scope,
        index: str,
        query: NDArray[np.float32],
        collections: Sequence[uuid.UUID],
        limit: int,
        among: Sequence[uuid.UUID] | None = None,
    ) -> list[Hit]:
        values: dict[str, Any] = {
            "tenant": scope.tenant,
            "index": index,
            "query": _text(query),
            "collections": list(collections),
            "among": None if among is None else list(among),
            "limit": limit,
        }
        with scope.transaction(), connection.cursor() as cursor:
            cursor.execute(SEARCH, values)
            return [Hit(chunk, float(similarity)) for chunk, similarity in cursor.fetchall()]


def _text(vector: NDArray[np.float32]) -> str:
    return str(Vector(vector).to_text())
