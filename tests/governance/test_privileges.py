"""Who may do what to the record's tables, asked of Postgres as each role that can log in: nothing but adding to it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors

from governance.audit import events
from governance.audit.vocabulary import Event
from tests.cast import House
from tests.governance.database import as_role, as_superuser
from tests.governance.sealing import seal

TABLES = ("event", "payload", "leaf", "node", "checkpoint", "writer")
# The workers connect as the application does; the reader of the record is a door, and backups are a role that reads all.
ROLES = ("chancery_app", "chancery_sealer", "chancery_backup")
WAYS = {
    "UPDATE": "UPDATE audit.{table} SET tenant_id = tenant_id",
    "DELETE": "DELETE FROM audit.{table}",
    "TRUNCATE": "TRUNCATE audit.{table} CASCADE",
    "DISABLE TRIGGER": "ALTER TABLE audit.{table} DISABLE TRIGGER ALL",
    "DROP": "DROP TABLE audit.{table} CASCADE",
    "DISABLE RLS": "ALTER TABLE audit.{table} DISABLE ROW LEVEL SECURITY",
    "RULE": "CREATE RULE away AS ON INSERT TO audit.{table} DO INSTEAD NOTHING",
    "COPY IN": "COPY audit.{table} FROM STDIN",
    "INSERT": "INSERT INTO audit.{table} (tenant_id) SELECT chancery.tenant()",
}
# What the sealer is there for.
ALLOWED = {("chancery_sealer", "INSERT", table) for table in ("leaf", "node", "checkpoint")}


@pytest.fixture(scope="module")
def sealed(shared_house: House, django_db_blocker: Any) -> House:
    with django_db_blocker.unblock():
        events.record(shared_house.bob, Event.PROMPT_RECEIVED, payload={"text": "a question"})
        seal(shared_house)
    return shared_house


def run(connection: psycopg.Connection[Any], query: str) -> None:
    if query.startswith("COPY"):
        with connection.cursor().copy(query) as copy:
            copy.write(b"")
    else:
        connection.execute(query)


def rows(tenant: Any) -> dict[str, list[Any]]:
    with as_superuser() as database:
        return {
            table: database.execute(
                f"SELECT md5(t::text) FROM audit.{table} t WHERE tenant_id = %s ORDER BY 1", [tenant]
            ).fetchall()
            for table in TABLES
        }


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("way", WAYS)
def test_no_role_changes_what_is_on_the_record(sealed: House, role: str, way: str) -> None:
    before = rows(sealed.tenant)
    for table in TABLES:
        if (role, way, table) in ALLOWED:
            continue
        with as_role(role) as connection:
            connection.execute("SELECT set_config('chancery.tenant', %s, false)", [str(sealed.tenant)])
            with pytest.raises(
                (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction, errors.FeatureNotSupported)
            ):
                run(connection, WAYS[way].format(table=table))
    assert rows(sealed.tenant) == before


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "query",
    [
        "SET session_replication_role = replica",
        "SET ROLE chancery_door",
        "SET ROLE chancery_owner",
        "SET SESSION AUTHORIZATION chancery_owner",
        "ALTER ROLE CURRENT_USER BYPASSRLS",
        "ALTER FUNCTION audit.append(bytea, bytea) OWNER TO CURRENT_USER",
        "CREATE OR REPLACE FUNCTION audit.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE SCHEMA elsewhere",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ],
    ids=lambda query: " ".join(query.split()[:3]),
)
def test_no_role_gets_round_the_triggers(role: str, query: str) -> None:
    with as_role(role) as connection, pytest.raises((errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction)):
        connection.execute(query)


def test_the_sealer_adds_and_reads_leaves_and_no_word(sealed: House) -> None:
    with as_role("chancery_sealer") as connection:
        connection.execute("SELECT set_config('chancery.tenant', %s, false)", [str(sealed.tenant)])
        assert connection.execute("SELECT count(*) FROM audit.event").fetchone() != (0,)
        for table in ("audit.payload", "public.person", "public.answer", "public.segment", "public.chunk"):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(f"SELECT * FROM {table}")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM audit.read('{}'::jsonb, 1)")
        with pytest.raises(errors.UniqueViolation):  # a place is given once
            connection.execute("INSERT INTO audit.leaf SELECT * FROM audit.leaf LIMIT 1")


def test_the_sealer_without_a_tenant_sees_and_adds_nothing(sealed: House) -> None:
    with as_role("chancery_sealer") as connection:
        assert connection.execute("SELECT count(*) FROM audit.event").fetchone() == (0,)
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(
                "INSERT INTO audit.leaf VALUES (%s, 999999, %s, sha256('x'), sha256('x'))",
                [sealed.tenant, sealed.tenant],
            )


def test_the_application_reads_the_record_through_its_doors_alone(sealed: House) -> None:
    with as_role("chancery_app") as connection:
        connection.execute("SELECT set_config('chancery.tenant', %s, false)", [str(sealed.tenant)])
        for table in TABLES:
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(f"SELECT * FROM audit.{table}")
        for door in ("audit.waiting('0'::xid8)", "audit.unsigned(interval '1 hour')"):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(f"SELECT * FROM {door}")
        assert connection.execute("SELECT count(*) FROM audit.read('{}'::jsonb, 10)").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM audit.stretch(0, 10)").fetchone() == (0,)


def test_a_backup_reads_every_row_and_writes_none(sealed: House) -> None:
    with as_role("chancery_backup") as connection:
        for table in ("event", "payload", "leaf", "checkpoint", "writer"):
            found = connection.execute(f"SELECT count(*) > 0 FROM audit.{table} WHERE tenant_id = %s", [sealed.tenant])
            assert found.fetchone() == (True,), table
        connection.execute("SET default_transaction_read_only = off")  # it may say so, and it does not help
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("DELETE FROM audit.event")


def test_even_the_owner_meets_the_trigger(sealed: House) -> None:
    with as_role("chancery_owner") as connection:
        connection.execute("SELECT set_config('chancery.tenant', %s, false)", [str(sealed.tenant)])
        for table in ("event", "payload", "leaf", "node", "checkpoint"):
            with pytest.raises(errors.InsufficientPrivilege, match="append-only"):
                connection.execute(f"TRUNCATE audit.{table}")
