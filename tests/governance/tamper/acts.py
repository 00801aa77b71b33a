"""What whoever holds the whole database does to events and payloads."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from tests.governance.tamper.scene import Scene, event_at

Database = psycopg.Connection[Any]


Act = Callable[[Scene, Database], int | None]


def change(column: str, value: str) -> Act:
    def act(scene: Scene, database: Database) -> int:
        query = sql.SQL("UPDATE audit.event SET {} = {} WHERE tenant_id = %s AND id = %s")
        event = event_at(database, scene, scene.plain[0])
        changed = database.execute(query.format(sql.Identifier(column), sql.SQL(value)), [scene.tenant, event])
        assert changed.rowcount == 1
        return scene.plain[0]

    return act


def change_leaf(scene: Scene, database: Database) -> int:
    return rewrite(scene, database, scene.plain[0], action="session.signed_in")


def change_commitment(scene: Scene, database: Database) -> int:
    index = scene.worded[0]
    told = told_at(scene, database, index)
    return rewrite(scene, database, index, payload=told["payload"] | {"commitment": "0" * 64})


def told_at(scene: Scene, database: Database, index: int) -> dict[str, Any]:
    event = event_at(database, scene, index)
    row = database.execute(
        "SELECT leaf FROM audit.event WHERE tenant_id = %s AND id = %s", [scene.tenant, event]
    ).fetchone()
    assert row is not None
    told: dict[str, Any] = json.loads(bytes(row[0]))
    return told


def rewrite(scene: Scene, database: Database, index: int, **fields: Any) -> int:
    """The event's bytes, with the columns beside them as they would have been."""
    told = told_at(scene, database, index) | fields
    database.execute(
        "UPDATE audit.event SET leaf = %s, action = %s WHERE tenant_id = %s AND id = %s",
        [json.dumps(told, separators=(",", ":"), sort_keys=True).encode(), told["action"], scene.tenant, told["id"]],
    )
    return index


def payload_changed(scene: Scene, database: Database) -> int:
    event = event_at(database, scene, scene.worded[0])
    query = "UPDATE audit.payload SET ciphertext = set_byte(ciphertext, 20, get_byte(ciphertext, 20) # 1)"
    assert database.execute(query + " WHERE tenant_id = %s AND event_id = %s", [scene.tenant, event]).rowcount == 1
    return scene.worded[0]


def payload_deleted(scene: Scene, database: Database) -> int:
    event = event_at(database, scene, scene.worded[0])
    database.execute("DELETE FROM audit.payload WHERE tenant_id = %s AND event_id = %s", [scene.tenant, event])
    return scene.worded[0]


def payload_slipped_in(scene: Scene, database: Database) -> int:
    event = event_at(database, scene, scene.plain[0])
    database.execute("INSERT INTO audit.payload VALUES (%s, %s, 'words')", [scene.tenant, event])
    return scene.plain[0]


def payload_of_nothing(scene: Scene, database: Database) -> None:
    database.execute("INSERT INTO audit.payload VALUES (%s, %s, 'words')", [scene.tenant, uuid.uuid4()])


def payloads_swapped(scene: Scene, database: Database) -> int:
    first, second = (event_at(database, scene, index) for index in scene.worded)
    swap(database, "audit.payload", "event_id", scene.tenant, first, second)
    return scene.worded[0]


def swap(
    database: Database, table: str, column: str, tenant: uuid.UUID, one: Any, other: Any, spare: Any = None
) -> None:
    spare = spare if spare is not None else uuid.uuid4()
    query = sql.SQL("UPDATE {} SET {column} = %s WHERE tenant_id = %s AND {column} = %s").format(
        sql.Identifier(*table.split(".")), column=sql.Identifier(column)
    )
    for after, before in ((spare, one), (one, other), (other, spare)):
        assert database.execute(query, [after, tenant, before]).rowcount == 1


def event_slipped_in(scene: Scene, database: Database) -> None:
    told = told_at(scene, database, scene.plain[0])
    told |= {"id": str(uuid.uuid4()), "accepted": told["accepted"] | {"writer": str(uuid.uuid4()), "number": 1}}
    insert(scene, database, told)


def number_taken_twice(scene: Scene, database: Database) -> None:
    """By a writer that there is, behind its last number."""
    told = told_at(scene, database, scene.plain[0])
    insert(scene, database, told | {"id": str(uuid.uuid4()), "accepted": told["accepted"] | {"number": 10_000}})


def insert(scene: Scene, database: Database, told: dict[str, Any]) -> None:
    resource = told["resource"]["id"] if told["resource"] else None
    database.execute(
        "INSERT INTO audit.event (tenant_id, id, writer, number, recorded_at, leaf, at, action, actor_id, interaction,"
        " resource_id, outcome, mentions) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
        " audit.outcome_of(%s::jsonb), audit.mentions_of(%s::jsonb))",
        [
            scene.tenant, told["id"], told["accepted"]["writer"], told["accepted"]["number"], told["accepted"]["at"],
            json.dumps(told, separators=(",", ":"), sort_keys=True).encode(), told["at"], told["action"],
            told["actor"]["id"], told["interaction"], resource, json.dumps(told), json.dumps(told),
        ],
    )  # fmt: skip
