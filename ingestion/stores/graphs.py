"""Approximate search of large collections: a graph (HNSW) over the vectors of one collection in one index.

A collection's graph holds nothing of any other, so that neither what it finds nor how long it takes tells of them. It is asked
only by whom nothing in the collection is kept from, and only where what is searched is large: docs/adr/0018.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from governance.scope import Scope
from ingestion.stores import narrow
from ingestion.stores.base import Hit

MOST = 200  # rows that a graph is asked for; more are scanned for
WIDTH = 200  # nodes that are kept in view on the way: pgvector's ef_search
SPARE = 1.2  # of the rows wanted: some may stand in versions that readers do not see yet, or any more

USABLE = "SELECT collection, dimensions, chunks FROM chancery.graphs(%s, %s::uuid[])"
# Left to itself Postgres sorts a collection where it takes that to be cheaper than its graph.
BEFORE = (
    narrow.BEFORE
    + f"SET LOCAL enable_sort = off;\nSET LOCAL hnsw.ef_search = {WIDTH};\nSET LOCAL hnsw.iterative_scan = relaxed_order;\n"
)
AFTER = (
    narrow.AFTER
    + ";\nSET LOCAL enable_sort TO DEFAULT;\nSET LOCAL hnsw.ef_search TO DEFAULT;\nSET LOCAL hnsw.iterative_scan TO DEFAULT"
)
# The graph leads by halves of the numbers; what it finds is compared whole.
NEAR = """(
    SELECT e.collection_id, e.chunk_id, e.version_id, 1 - (e.vector <=> %(query)s::vector) AS similarity FROM embedding e
    WHERE e.tenant_id = %(tenant)s AND e.index_name = %(index)s AND e.collection_id = %({name})s
    ORDER BY e.vector::halfvec({dimensions}) <=> %(query)s::halfvec({dimensions}) LIMIT %(limit)s
)"""
SEARCH = (
    narrow.SHOWN
    + """, near AS MATERIALIZED ({near})
SELECT n.collection_id, n.chunk_id, n.similarity FROM near n JOIN shown ON shown.current_id = n.version_id
"""
)


@dataclass(frozen=True)
class Graph:
    collection: uuid.UUID
    dimensions: int
    chunks: int


def search(
    scope: Scope, index: str, query: str, collections: Sequence[uuid.UUID], limit: int, least: int
) -> tuple[list[Hit], list[uuid.UUID]]:
    """What graphs find, at least `limit` of each collection that they stand for, and the collections left to be scanned.

    In the caller's transaction. Graphs are asked where those of `collections` hold `least` chunks together.
    """
    graphs = usable(index, collections) if least and limit <= MOST else []
    if not graphs or sum(one.chunks for one in graphs) < least:
        return [], list(collections)
    found: dict[uuid.UUID, list[Hit]] = {one.collection: [] for one in graphs}
    for collection, chunk, similarity in _near(scope, index, query, graphs, limit):
        found[collection].append(Hit(chunk, float(similarity)))
    full = {collection for collection, hits in found.items() if len(hits) >= limit}
    return [hit for one in full for hit in found[one]], [one for one in collections if one not in full]


def usable(index: str, collections: Sequence[uuid.UUID]) -> list[Graph]:
    """Those that may stand in for the caller, in their transaction."""
    with connection.cursor() as cursor:
        cursor.execute(USABLE, [index, list(collections)])
        return [Graph(*row) for row in cursor.fetchall()]


def _near(
    scope: Scope, index: str, query: str, graphs: Sequence[Graph], limit: int
) -> list[tuple[uuid.UUID, uuid.UUID, float]]:
    values: dict[str, Any] = narrow.shown(scope, [one.collection for one in graphs]) | {
        "index": index,
        "query": query,
        "limit": round(limit * SPARE),
    }
    parts = []
    for number, one in enumerate(graphs):
        name = f"collection_{number}"
        values[name] = one.collection  # as a value: Postgres sees that it is the graph's own
        parts.append(NEAR.format(name=name, dimensions=one.dimensions))
    statement = SEARCH.replace("{near}", "UNION ALL".join(parts))
    return [(row[0], row[1], row[2]) for row in narrow.rows(statement, values, BEFORE, AFTER)]
