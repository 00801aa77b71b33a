"""What somebody with the whole database may do to a record, and what verification has to say of each.

An act takes the scene and a superuser's transaction and returns the first bad index, or None where it cannot have one.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import sql

from governance.audit.tree import notes
from governance.audit.tree.verifier import SIGNATURE
from tests.governance import sealing
from tests.governance.tamper.acts import (
    Act,
    Database,
    change,
    change_commitment,
    change_leaf,
    event_slipped_in,
    number_taken_twice,
    payload_changed,
    payload_deleted,
    payload_of_nothing,
    payload_slipped_in,
    payloads_swapped,
    swap,
)
from tests.governance.tamper.scene import Scene, event_at, rebuild


@dataclass(frozen=True)
class Operator:
    """`words` stand in one of the findings."""

    name: str
    act: Act
    words: str


def _of_leaf(column: str) -> Act:
    def act(scene: Scene, database: Database) -> int:
        query = sql.SQL("UPDATE audit.leaf SET {} = %s WHERE tenant_id = %s AND index = %s").format(
            sql.Identifier(column)
        )
        database.execute(query, [hashlib.sha256(b"other").digest(), scene.tenant, scene.plain[0]])
        return scene.plain[0]

    return act


def _places(scene: Scene) -> dict[str, tuple[int, int]]:
    """(first, last) of what is taken away."""
    return {
        "the first": (0, 0),
        "one in the middle": (scene.plain[0], scene.plain[0]),
        "several in the middle": (scene.plain[0], scene.worded[1]),
        "the last": (scene.last, scene.last),
        "all": (0, scene.last),
    }


def _without_events(which: str) -> Act:
    def act(scene: Scene, database: Database) -> int:
        first, last = _places(scene)[which]
        database.execute(
            "DELETE FROM audit.event e USING audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.event_id = e.id"
            " AND e.tenant_id = %s AND l.index BETWEEN %s AND %s",
            [scene.tenant, first, last],
        )
        return first

    return act


def _without_leaves(which: str) -> Act:
    def act(scene: Scene, database: Database) -> int:
        first, last = _places(scene)[which]
        query = "DELETE FROM audit.leaf WHERE tenant_id = %s AND index BETWEEN %s AND %s"
        database.execute(query, [scene.tenant, first, last])
        return first

    return act


def _without_both(which: str) -> Act:
    def act(scene: Scene, database: Database) -> int:
        _without_events(which)(scene, database)
        return _without_leaves(which)(scene, database) or 0

    return act


def _closed_up(scene: Scene, database: Database) -> int:
    """One taken out, and those behind it moved up, with everything worked out anew."""
    gone = scene.plain[0]
    _without_both("one in the middle")(scene, database)
    for shift in (1_000_000, -1_000_001):
        query = "UPDATE audit.leaf SET index = index + %s WHERE tenant_id = %s AND index > %s"
        database.execute(query, [shift, scene.tenant, gone])
    rebuild(database, scene.tenant)
    return scene.early  # the last head that still is as it was signed


def _places_swapped(scene: Scene, database: Database) -> int:
    swap(database, "audit.leaf", "index", scene.tenant, *scene.plain, spare=1_000_000)
    return scene.plain[0]


def _events_swapped(scene: Scene, database: Database) -> int:
    """Two leaves point at each other's events."""
    first, second = (event_at(database, scene, index) for index in scene.plain)
    swap(database, "audit.leaf", "event_id", scene.tenant, first, second)
    return scene.plain[0]


def _order_rebuilt(scene: Scene, database: Database) -> int:
    _events_swapped(scene, database)
    rebuild(database, scene.tenant)
    return scene.early


def _leaf_slipped_in(scene: Scene, database: Database) -> int:
    query = "INSERT INTO audit.leaf VALUES (%s, %s, %s, %s, %s)"
    database.execute(query, [scene.tenant, scene.size, uuid.uuid4(), bytes(32), bytes(32)])
    return scene.size


def _leaf_twice(scene: Scene, database: Database) -> int:
    """An event that is in the tree already gets a second place, chained as it should be."""
    database.execute("ALTER TABLE audit.leaf DROP CONSTRAINT leaf_tenant_id_event_id_key")
    row = database.execute(
        "SELECT event_id, hash, (SELECT chain FROM audit.leaf WHERE tenant_id = %s AND index = %s) FROM audit.leaf"
        " WHERE tenant_id = %s AND index = %s",
        [scene.tenant, scene.last, scene.tenant, scene.plain[0]],
    ).fetchone()
    assert row is not None
    chain = hashlib.sha256(bytes(row[2]) + bytes(row[1])).digest()
    query = "INSERT INTO audit.leaf VALUES (%s, %s, %s, %s, %s)"
    database.execute(query, [scene.tenant, scene.size, row[0], row[1], chain])
    return scene.size


def _waiting_event_deleted(scene: Scene, database: Database) -> None:
    database.execute(
        "DELETE FROM audit.event e WHERE tenant_id = %s AND action = 'document.read' AND NOT EXISTS"
        " (SELECT FROM audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.event_id = e.id)",
        [scene.tenant],
    )


def _writer_counted_back(scene: Scene, database: Database) -> None:
    database.execute("UPDATE audit.writer SET last = last - 1 WHERE tenant_id = %s", [scene.tenant])


def _writers_deleted(scene: Scene, database: Database) -> None:
    database.execute("DELETE FROM audit.writer WHERE tenant_id = %s", [scene.tenant])


def _head(assignment: str, which: str = "number = 2") -> Act:
    def act(scene: Scene, database: Database) -> None:
        query = sql.SQL("UPDATE audit.checkpoint SET {} WHERE tenant_id = %s AND {}").format(
            sql.SQL(assignment), sql.SQL(which)
        )
        assert database.execute(query, [scene.tenant]).rowcount >= 1

    return act


def _head_deleted(which: str) -> Act:
    def act(scene: Scene, database: Database) -> None:
        query = sql.SQL("DELETE FROM audit.checkpoint WHERE tenant_id = %s AND {}").format(sql.SQL(which))
        assert database.execute(query, [scene.tenant]).rowcount == 1

    return act


def _heads_swapped(scene: Scene, database: Database) -> None:
    """The second head and the third change places, each with its own true note."""
    for after, before in ((4, 2), (2, 3), (3, 4)):
        _head(f"number = {after}", f"number = {before}")(scene, database)


def _head_signed_by_another(scene: Scene, database: Database) -> None:
    thief = notes.Signer("thief.example", SIGNATURE, Ed25519PrivateKey.generate())
    rebuild(database, scene.tenant, signer=thief)


def _head_of_another_log(scene: Scene, database: Database) -> None:
    """A true head, signed by the true key, for another organisation."""
    other = notes.signed(sealing.signer(), sealing.signer().name + "/" + str(uuid.uuid4()), scene.early, bytes(32))
    database.execute("UPDATE audit.checkpoint SET note = %s WHERE tenant_id = %s AND number = 2", [other, scene.tenant])


def _cosignature_cut(scene: Scene, database: Database) -> None:
    database.execute(
        "UPDATE audit.checkpoint SET note = regexp_replace(note, '— chancery-witness [^\n]*\n', '')"
        " WHERE tenant_id = %s AND number = 2",
        [scene.tenant],
    )


def _history_rebuilt(scene: Scene, database: Database) -> int:
    """An event rewritten, and every hash behind it; the heads stay, for want of the sealer's key."""
    change_leaf(scene, database)
    rebuild(database, scene.tenant)
    return scene.early


OPERATORS = [
    Operator("an event's bytes are changed", change_leaf, "not the one whose hash is in the tree"),
    Operator("an event's writer is changed", change("writer", "gen_random_uuid()"), "writer and number"),
    Operator("an event's number is changed", change("number", "number + 1000"), "writer and number"),
    Operator("when an event was taken is changed", change("recorded_at", "recorded_at - interval '1 s'"), "`recorded_at`"),
    Operator("when an event happened is changed", change("at", "at + interval '1 s'"), "`at`"),
    Operator("what an event is called is changed", change("action", "'session.signed_in'"), "`action`"),
    Operator("who did it is changed", change("actor_id", "gen_random_uuid()"), "`actor_id`"),
    Operator("who did it is taken away", change("actor_id", "NULL"), "`actor_id`"),
    Operator("whom it concerns is changed", change("subject_id", "gen_random_uuid()"), "`subject_id`"),
    Operator("which interaction it is of is changed", change("interaction", "NULL"), "`interaction`"),
    Operator("what it was done to is changed", change("resource_id", "gen_random_uuid()"), "`resource_id`"),
    Operator("an event's id is changed", change("id", "gen_random_uuid()"), "is gone"),
    Operator("a payload is changed", payload_changed, "not the one that its leaf names"),
    Operator("a payload is deleted", payload_deleted, "payload is gone"),
    Operator("a payload is slipped in", payload_slipped_in, "of which its leaf does not speak"),
    Operator("a payload of no event is slipped in", payload_of_nothing, "1 payloads belong to nothing"),
    Operator("two payloads are swapped", payloads_swapped, "not the one that its leaf names"),
    Operator("a commitment is changed", change_commitment, "not the one whose hash is in the tree"),
    Operator("a leaf's hash is changed", _of_leaf("hash"), "not the one whose hash is in the tree"),
    Operator("a running hash is changed", _of_leaf("chain"), "the running hash does not lead on"),
    *(
        Operator(f"{which} of the events deleted", _without_events(which), "is gone, and its leaf is left")
        for which in ("the first", "one in the middle", "several in the middle", "the last", "all")
    ),
    *(
        Operator(f"{which} of the leaves deleted", _without_leaves(which), "missing")
        for which in ("the first", "one in the middle", "several in the middle", "the last", "all")
    ),
    *(
        Operator(f"{which} of events and leaves deleted", _without_both(which), "events are missing")
        for which in ("the first", "one in the middle", "several in the middle", "the last", "all")
    ),
    Operator("an event is taken out and the tree closed up", _closed_up, "something from here on was changed"),
    Operator("two places are swapped", _places_swapped, "the running hash does not lead on"),
    Operator("two events are swapped", _events_swapped, "not the one whose hash is in the tree"),
    Operator("two events are swapped and the tree rebuilt", _order_rebuilt, "something from here on was changed"),
    Operator("an event is slipped in", event_slipped_in, "a writer that nobody knows"),
    Operator("an event is slipped in under a number of its own", number_taken_twice, "has an event of number 10000"),
    Operator("a leaf is slipped in", _leaf_slipped_in, "is gone, and its leaf is left"),
    Operator("a waiting event is deleted", _waiting_event_deleted, "events are missing"),
    Operator("a writer is counted back", _writer_counted_back, "has counted to"),
    Operator("the writers are deleted", _writers_deleted, "a writer that nobody knows"),
    Operator("a head's root is changed", _head("root = sha256('other')"), "its note says another head"),
    Operator("a head's size is changed", _head("size = size - 1"), "its note says another head"),
    Operator("a head's note is changed", _head("note = replace(note, 'A', 'B')"), "head 2"),
    Operator("a head is put before the one before", _heads_swapped, "the one before was over"),
    Operator("the first head is deleted", _head_deleted("number = 1"), "head 1 is missing"),
    Operator("a head in the middle is deleted", _head_deleted("number = 2"), "head 2 is missing"),
    Operator("every head is signed by another key", _head_signed_by_another, "is not signed by the sealer's key"),
    Operator("a head is replaced by one of another log", _head_of_another_log, "its note says another head"),
    Operator("a cosignature is cut off", _cosignature_cut, "not by the witness's key"),
    Operator("the past is rebuilt", _history_rebuilt, "something from here on was changed"),
]  # fmt: skip
