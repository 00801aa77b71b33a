"""A sealed tenant, and the means of whoever holds the whole database: every trigger off, every row within reach."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import sql

from governance.audit import events, verifying
from governance.audit.checks.growth import Kept
from governance.audit.tree import heads, notes
from governance.audit.tree.merkle import Edge
from governance.audit.tree.verifier import Checkpoint, leaf_hash
from governance.audit.verifying import Report
from governance.audit.vocabulary import Event
from tests import cast
from tests.governance import sealing
from tests.governance.database import as_superuser

TABLES = ("event", "payload", "leaf", "node", "checkpoint")


@dataclass
class Scene:
    """`kept` is the head that somebody took away while all was well; `plain` and `worded` are places without a payload
    and with one, none of them the first or the last; `early` is the size of the first head."""

    house: cast.House
    kept: Checkpoint
    early: int
    plain: tuple[int, int]
    worded: tuple[int, int]

    @property
    def tenant(self) -> uuid.UUID:
        return self.house.tenant

    @property
    def size(self) -> int:
        return self.kept.size

    @property
    def last(self) -> int:
        return self.kept.size - 1

    def verify(self, *, with_head: bool = False, with_witness: bool = False, **more: Any) -> Report:
        return verifying.verify(
            self.tenant,
            kept=[Kept("you", self.kept)] if with_head else [],
            witness=sealing.witness().memory if with_witness else None,
            **more,
        )


def sealed(house: cast.House, *, extra: int = 0) -> Scene:
    """Three heads over some thirty leaves and `extra` more, all cosigned, and two events that wait."""
    write(house, 4)
    early = sealing.seal(house).size
    write(house, 4 + extra)
    sealing.seal(house)
    write(house, 4)
    kept = sealing.seal(house)
    write(house, 1)
    with as_superuser() as database:
        rows = database.execute(
            "SELECT l.index, p.event_id IS NULL FROM audit.leaf l LEFT JOIN audit.payload p"
            " ON p.tenant_id = l.tenant_id AND p.event_id = l.event_id WHERE l.tenant_id = %s ORDER BY 1",
            [house.tenant],
        ).fetchall()[early + 1 : -1]
    plain, worded = ([index for index, is_plain in rows if is_plain is wanted] for wanted in (True, False))
    return Scene(house, kept, early, (plain[0], plain[2]), (worded[0], worded[2]))


def write(house: cast.House, times: int) -> None:
    for number in range(times):
        one = uuid.uuid4()
        events.record(
            house.bob,
            Event.DOCUMENT_READ,
            resource=("document", one),
            interaction=uuid.uuid4(),
            facts={"number": number, "collection": uuid.uuid4()},
        )
        events.record(house.bob, Event.PROMPT_RECEIVED, interaction=one, payload={"text": f"question {number}"})


@contextmanager
def disarmed() -> Iterator[psycopg.Connection[Any]]:
    """A superuser's transaction in which nothing refuses anything."""
    with as_superuser() as database, database.transaction():
        database.execute("SET LOCAL session_replication_role = replica")
        for table in TABLES:
            database.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER ALL").format(sql.Identifier("audit", table)))
        yield database
        for table in TABLES:
            if database.execute("SELECT to_regclass(%s)", [f"audit.{table}"]).fetchone() != (None,):
                name = sql.Identifier("audit", table)
                database.execute(sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER append_only").format(name))
                database.execute(sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER append_only_truncate").format(name))


def event_at(database: psycopg.Connection[Any], scene: Scene, index: int) -> uuid.UUID:
    row = database.execute(
        "SELECT event_id FROM audit.leaf WHERE tenant_id = %s AND index = %s", [scene.tenant, index]
    ).fetchone()
    assert row is not None
    return uuid.UUID(str(row[0]))


def rebuild(database: psycopg.Connection[Any], tenant: uuid.UUID, *, signer: notes.Signer | None = None) -> None:
    """Leaves, running hashes and nodes over the events as they are now; with a `signer` every head anew, uncosigned."""
    rows = database.execute(
        "SELECT l.index, e.leaf FROM audit.leaf l JOIN audit.event e ON e.tenant_id = l.tenant_id AND e.id = l.event_id"
        " WHERE l.tenant_id = %s ORDER BY l.index",
        [tenant],
    ).fetchall()
    edge, chain, roots = Edge(), bytes(32), {}
    database.execute("DELETE FROM audit.node WHERE tenant_id = %s", [tenant])
    for index, leaf in rows:
        value = leaf_hash(bytes(leaf))
        chain = hashlib.sha256(chain + value).digest()
        database.execute(
            "UPDATE audit.leaf SET hash = %s, chain = %s WHERE tenant_id = %s AND index = %s",
            [value, chain, tenant, index],
        )
        for level, place, whole in edge.append(value):
            database.execute("INSERT INTO audit.node VALUES (%s, %s, %s, %s)", [tenant, level, place, whole])
        roots[edge.size] = edge.root()
    if signer:
        sign_anew(database, tenant, signer, roots)


def sign_anew(
    database: psycopg.Connection[Any], tenant: uuid.UUID, signer: notes.Signer, roots: dict[int, bytes]
) -> None:
    origin = heads.origin(tenant)
    for number, size in database.execute(
        "SELECT number, size FROM audit.checkpoint WHERE tenant_id = %s", [tenant]
    ).fetchall():
        note = notes.signed(replace(signer, name=origin), origin, size, roots[size])
        database.execute(
            "UPDATE audit.checkpoint SET root = %s, note = %s, is_witnessed = false WHERE tenant_id = %s AND number = %s",
            [roots[size], note, tenant, number],
        )
