"""Makes and drops graphs (ingestion.stores.graphs), as the tables' owner: searches and uploads go on meanwhile.

Postgres builds beside what is read and written (CREATE INDEX CONCURRENTLY), and a build that was broken off leaves a graph
that is not valid: no search asks it, and the next run removes it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import md5

from django.db import connection

SHARE = 10  # of the threshold: a collection below that is scanned as fast as a graph is asked
DIMENSIONS_MOST = 4000  # of pgvector's halfvec in a graph
NODE_BYTES = 900  # beside its vector, as it is built
ROOM_LEAST_MB = 64

MAY = "SELECT pg_has_role(current_user, 'chancery_door', 'USAGE')"
TAKE, LEAVE = "SELECT pg_try_advisory_lock(hashtext('chancery graphs'))", "SELECT pg_advisory_unlock_all()"
SIZES = "SELECT place, index_name, collection, chunks, dimensions FROM chancery.vector_sizes(%s, %s)"
THERE = """
SELECT g.relname, i.indisvalid FROM pg_index i JOIN pg_class g ON g.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_am a ON a.oid = g.relam
WHERE a.amname = 'hnsw' AND g.relname LIKE 'graph\\_%%' AND g.relnamespace = 'public'::regnamespace
  AND strpos(t.relname, %s) > 0
ORDER BY g.relname
"""
# A build in one process: further ones would share memory that containers are given little of.
ROOM = "SET max_parallel_maintenance_workers = 0; SET maintenance_work_mem = '{megabytes}MB'"
BUILD = """
CREATE INDEX CONCURRENTLY {name} ON public.{place}
USING hnsw ((vector::halfvec({dimensions})) halfvec_cosine_ops) WHERE collection_id = '{collection}'
"""


@dataclass(frozen=True)
class Size:
    """Of a collection in one index; `place` is the table."""

    place: str
    index: str
    collection: uuid.UUID
    chunks: int
    dimensions: int

    @property
    def graph(self) -> str:
        return f"graph_{self.collection.hex}_{md5(self.index.encode(), usedforsecurity=False).hexdigest()[:16]}"


@dataclass(frozen=True)
class Kept:
    """Names of graphs. `is_alone` is False where another run is at it, and nothing was done."""

    built: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    is_alone: bool = True


def may() -> bool:
    """Whether this connection's role may make them."""
    with connection.cursor() as cursor:
        cursor.execute(MAY)
        return bool(cursor.fetchone()[0])


def keep(least: int, room_mb: int, tell: Callable[[str], None], tenant: uuid.UUID | None = None) -> Kept:
    """As `least` wants them, 0 for none; outside of a transaction. Raises DatabaseError where a build does not succeed."""
    with _alone() as is_alone:
        if not is_alone:
            return Kept(is_alone=False)
        sizes = _sizes(max(1, least // 2), tenant) if least else []
        there = _there(tenant)
        dropped = [name for name, is_valid in there.items() if not is_valid or name not in _held(sizes, least)]
        for name in dropped:
            tell(f"{name} goes")
            _run(f"DROP INDEX CONCURRENTLY IF EXISTS public.{name}")
        missing = [one for one in wanted(sizes, least) if one.graph not in there or one.graph in dropped]
        for one in missing:
            tell(f"{one.graph}: {one.chunks} vectors")
            _run(ROOM.format(megabytes=room(one, room_mb)))
            _run(BUILD.format(name=one.graph, place=one.place, dimensions=one.dimensions, collection=one.collection))
        return Kept(tuple(one.graph for one in missing), tuple(dropped))


def wanted(sizes: Sequence[Size], least: int) -> list[Size]:
    """Those to be built: `least` chunks in the index, a share of that in the collection."""
    return [
        one
        for one in sizes
        if _whole(sizes, one) >= least and one.chunks * SHARE >= least and one.dimensions <= DIMENSIONS_MOST
    ]


def _held(sizes: Sequence[Size], least: int) -> set[str]:
    """Those that stay: half of what would have them built is enough, so that none comes and goes with each upload."""
    return {one.graph for one in sizes if 2 * _whole(sizes, one) >= least and 2 * one.chunks * SHARE >= least}


def _whole(sizes: Sequence[Size], one: Size) -> int:
    return sum(other.chunks for other in sizes if (other.place, other.index) == (one.place, one.index))


def room(one: Size, most_mb: int) -> int:
    """Megabytes for a build: past what a graph needs they are not used, and below it the build takes many times as long."""
    needed = one.chunks * (2 * one.dimensions + NODE_BYTES) * 5 // 4 // 2**20
    return min(max(needed, ROOM_LEAST_MB), most_mb)


def _sizes(least: int, tenant: uuid.UUID | None) -> list[Size]:
    with connection.cursor() as cursor:
        cursor.execute(SIZES, [least, tenant])
        return [Size(*row) for row in cursor.fetchall()]


def _there(tenant: uuid.UUID | None) -> dict[str, bool]:
    """Whether each is valid."""
    with connection.cursor() as cursor:
        cursor.execute(THERE, [tenant.hex if tenant else ""])
        return dict(cursor.fetchall())


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute(TAKE)
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone:
            _run(LEAVE)
