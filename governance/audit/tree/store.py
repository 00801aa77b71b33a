"""The sealer's own reading and writing: psycopg as chancery_sealer, one connection, a transaction a tenant.

It sees leaves of events and no payload, and it can neither change nor remove what it has written.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg import IsolationLevel

ONE_SEALER = 0x6368_616E_6365_7279  # the advisory lock that a sealer holds as long as it lives
BATCH = 5_000


@dataclass(frozen=True)
class Waiting:
    """A committed event that is in no tree yet."""

    id: uuid.UUID
    leaf: bytes
    writer: uuid.UUID
    number: int


@dataclass(frozen=True)
class Kept:
    """The last head of a tenant, as its row has it."""

    number: int
    at: datetime
    size: int
    root: bytes
    is_witnessed: bool


class Store:
    """Raises psycopg.Error throughout; after one, make a new store."""

    def __init__(self, database: str) -> None:
        self.connection: psycopg.Connection[Any] = psycopg.connect(
            database, autocommit=True, connect_timeout=5, application_name="chancery sealer"
        )
        # What is read of a writer and of its events must be of one moment.
        self.connection.isolation_level = IsolationLevel.REPEATABLE_READ

    def close(self) -> None:
        self.connection.close()

    def is_the_only_one(self) -> bool:
        """Takes the lock, where no other sealer has it."""
        return bool(self._one("SELECT pg_try_advisory_lock(%s)", [ONE_SEALER])[0])

    def horizon(self) -> str:
        """A transaction below which every other one has ended."""
        return str(self._one("SELECT pg_snapshot_xmin(pg_current_snapshot())")[0])

    def waiting(self, since: str) -> list[uuid.UUID]:
        """The tenants with events of transactions from `since` on that are in no tree."""
        return [row[0] for row in self.connection.execute("SELECT tenant_id FROM audit.waiting(%s::xid8)", [since])]

    def unsigned(self, older_than_s: float) -> list[uuid.UUID]:
        """The tenants whose tree has grown past its last head, or whose head is older than that."""
        rows = self.connection.execute(
            "SELECT tenant_id FROM audit.unsigned(make_interval(secs => %s))", [older_than_s]
        )
        return [row[0] for row in rows]

    @contextmanager
    def of(self, tenant: uuid.UUID) -> Iterator[Rows]:
        with self.connection.transaction():
            self.connection.execute("SELECT set_config('chancery.tenant', %s, true)", [str(tenant)])
            yield Rows(self.connection, tenant)

    def _one(self, query: LiteralString, values: Sequence[Any] = ()) -> tuple[Any, ...]:
        row = self.connection.execute(query, values).fetchone()
        if row is None:
            raise LookupError("a query that always answers did not")
        return tuple(row)


class Rows:
    """One tenant's rows, inside a transaction."""

    def __init__(self, connection: psycopg.Connection[Any], tenant: uuid.UUID) -> None:
        self.connection, self.tenant = connection, tenant

    def size_and_chain(self) -> tuple[int, bytes]:
        row = self.connection.execute(
            "SELECT index + 1, chain FROM audit.leaf WHERE tenant_id = %s ORDER BY index DESC LIMIT 1", [self.tenant]
        ).fetchone()
        return (row[0], bytes(row[1])) if row else (0, bytes(32))

    def head(self) -> Kept | None:
        row = self.connection.execute(
            "SELECT number, at, size, root, is_witnessed FROM audit.checkpoint WHERE tenant_id = %s"
            " ORDER BY number DESC LIMIT 1",
            [self.tenant],
        ).fetchone()
        return Kept(row[0], row[1], row[2], bytes(row[3]), row[4]) if row else None

    def hashes(self, level: int, first: int, amount: int) -> list[bytes]:
        """`merkle.Hashes`."""
        place = [self.tenant, first, first + amount]
        if level == 0:
            rows = self.connection.execute(
                "SELECT hash FROM audit.leaf WHERE tenant_id = %s AND index >= %s AND index < %s ORDER BY index", place
            )
        else:
            rows = self.connection.execute(
                "SELECT hash FROM audit.node WHERE tenant_id = %s AND index >= %s AND index < %s AND level = %s"
                " ORDER BY index",
                [*place, level],
            )
        return [bytes(value) for (value,) in rows]

    def waiting(self, since: str) -> list[Waiting]:
        """At most BATCH, in the order in which they came."""
        rows = self.connection.execute(
            "SELECT e.id, e.leaf, e.writer, e.number FROM audit.event e WHERE e.tenant_id = %s"
            " AND e.transaction >= %s::xid8 AND NOT EXISTS ("
            "SELECT FROM audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.event_id = e.id)"
            " ORDER BY e.recorded_at, e.id LIMIT %s",
            [self.tenant, since, BATCH],
        )
        return [Waiting(row[0], bytes(row[1]), row[2], row[3]) for row in rows]

    def sealed_below(self, writer: uuid.UUID, number: int) -> int:
        """How many events of that writer below that number are there."""
        row = self.connection.execute(
            "SELECT count(*) FROM audit.event WHERE tenant_id = %s AND writer = %s AND number < %s",
            [self.tenant, writer, number],
        ).fetchone()
        return int(row[0]) if row else 0

    def insert(self, leaves: list[tuple[int, uuid.UUID, bytes, bytes]], nodes: list[tuple[int, int, bytes]]) -> None:
        """`leaves` are (index, event, hash, chain), `nodes` (level, index, hash)."""
        if leaves:
            self.connection.execute(
                "INSERT INTO audit.leaf (tenant_id, index, event_id, hash, chain) SELECT %s, l.* FROM"
                " unnest(%s::bigint[], %s::uuid[], %s::bytea[], %s::bytea[]) AS l",
                [self.tenant, *map(list, zip(*leaves, strict=True))],
            )
        if nodes:
            self.connection.execute(
                "INSERT INTO audit.node (tenant_id, level, index, hash) SELECT %s, n.* FROM"
                " unnest(%s::smallint[], %s::bigint[], %s::bytea[]) AS n",
                [self.tenant, *map(list, zip(*nodes, strict=True))],
            )

    def sign(self, size: int, root: bytes, note: str, *, is_witnessed: bool) -> None:
        self.connection.execute(
            "INSERT INTO audit.checkpoint (tenant_id, number, at, size, root, note, is_witnessed)"
            " SELECT %s, coalesce(max(number), 0) + 1, clock_timestamp(), %s, %s, %s, %s FROM audit.checkpoint"
            " WHERE tenant_id = %s",
            [self.tenant, size, root, note, is_witnessed, self.tenant],
        )
