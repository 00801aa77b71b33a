"""Collections of drawn vectors in an index of their own, large ones among them: for tests of their graphs."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from governance import grants
from governance.grants import Holder
from governance.roles import Level
from governance.scope import Scope
from ingestion import catalog, stores
from ingestion.stores.base import Entry, Hit
from ingestion.stores.pgvector import PgVector
from tests.cast import House
from tests.governance.database import as_superuser
from tests.ingestion import shelves

Rows = NDArray[np.float32]
INDEX, DIMENSIONS, K = "graphed", 32, 10
LEAST = 600  # chunks of one index, and of what is searched
CLOSED = {"closed": 900}  # to all but Ada
A_DOCUMENT = 45


@dataclass
class Ground:
    house: House
    shelves: dict[str, uuid.UUID]
    chunks: dict[str, list[uuid.UUID]]  # of each shelf, as their vectors stand in `vectors`
    vectors: dict[str, Rows]
    asked: Rows

    def search(self, person: str, query: Rows, limit: int = K, least: int = LEAST) -> list[Hit]:
        scope = self.house.scope(person)
        return PgVector(graphs_from=least).search(scope, INDEX, query, catalog.readable(scope), limit)

    def graphs(self) -> list[str]:
        with as_superuser() as database:
            rows = database.execute(THERE, [self.house.tenant.hex]).fetchall()
        return sorted(name for name, shelf in self.shelves.items() for (graph,) in rows if shelf.hex in graph)


THERE = """
SELECT g.relname FROM pg_index i JOIN pg_class g ON g.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
WHERE g.relname LIKE 'graph%%' AND strpos(t.relname, %s) > 0
"""


def ground(house: House, sizes: dict[str, int], readers: dict[str, list[str]]) -> Ground:
    """What is closed lies nearest to the very questions."""
    source = np.random.default_rng(5)
    asked = unit(source.normal(size=(20, DIMENSIONS)))
    made = Ground(house, {}, {}, {}, asked)
    for name, size in sizes.items():
        made.shelves[name] = shelf = catalog.create(house.ada, name).pk
        around = asked[np.arange(size) % len(asked)] * (1.5 if name in CLOSED else 0.5)
        rows = unit(around + source.normal(size=(size, DIMENSIONS)) / 4)
        made.vectors[name], made.chunks[name] = rows, [uuid.uuid4() for _ in rows]
        for start in range(0, size, A_DOCUMENT):
            stop = min(start + A_DOCUMENT, size)
            put(house.system, shelf, made.chunks[name][start:stop], rows[start:stop])
    for person, names in readers.items():
        for name in names:
            grants.give(house.ada, made.shelves[name], Holder(person=house.ids[person]), Level.READ)
    return made


def unit(rows: Any) -> Rows:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def put(system: Scope, shelf: uuid.UUID, chunks: list[uuid.UUID], rows: Rows) -> uuid.UUID:
    """Vectors in a document of their own, whose id it returns."""
    made = shelves.document(system, shelf, [])
    entries = [Entry(chunk, shelf, made.pk, row) for chunk, row in zip(chunks, rows, strict=True)]
    stores.store().upsert(system, INDEX, entries)
    return made.document_id
