"""The record cannot be changed, moves with what it tells of, and has no gaps."""

from __future__ import annotations

import json
import threading

import psycopg
import pytest
import rfc8785
from django.db import DatabaseError, connection, transaction
from psycopg import sql

from governance import models
from governance.audit import events
from governance.audit.vocabulary import Event
from tests.cast import House
from tests.governance.database import append, as_role, as_superuser, assert_gapless, leaves, numbers, stored

CHANGES = [
    "UPDATE audit.event SET action = 'nothing.happened' WHERE tenant_id = %(tenant)s",
    "DELETE FROM audit.event WHERE tenant_id = %(tenant)s",
    "TRUNCATE audit.event",
    "TRUNCATE audit.event CASCADE",
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("replica", ["origin", "replica"])
def test_not_even_a_superuser_changes_an_event_by_the_way(shared_house: House, change: str, replica: str) -> None:
    """`replica` switches ordinary triggers off; these are ENABLE ALWAYS."""
    before = numbers(shared_house.tenant)
    with as_superuser() as database:
        database.execute(f"SET session_replication_role = {replica}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            database.execute(change, {"tenant": shared_house.tenant})
    assert numbers(shared_house.tenant) == before


@pytest.mark.parametrize("change", CHANGES)
def test_the_owner_of_the_table_changes_nothing_either(shared_house: House, change: str) -> None:
    """With the tenant set, so that row-level security does not hide the rows from the trigger."""
    before = numbers(shared_house.tenant)
    with as_role("chancery_owner") as database:
        database.execute("SELECT set_config('chancery.tenant', %s, false)", [str(shared_house.tenant)])
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            database.execute(change, {"tenant": shared_house.tenant})
    assert numbers(shared_house.tenant) == before


@pytest.mark.parametrize("table", ["event", "writer", "payload", "leaf", "node", "checkpoint"])
@pytest.mark.parametrize("what", ["SELECT 1 FROM {}", "DELETE FROM {}", "TRUNCATE {}", "INSERT INTO {} DEFAULT VALUES"])
def test_the_application_touches_the_tables_through_the_doors_alone(shared_house: House, table: str, what: str) -> None:
    with as_role("chancery_app") as database:
        database.execute("SELECT set_config('chancery.tenant', %s, false)", [str(shared_house.tenant)])
        database.execute("SELECT set_config('chancery.actor_kind', 'system', false)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            database.execute(sql.SQL(what).format(sql.Identifier("audit", table)))


def test_an_event_of_the_same_id_cannot_be_written_over(house: House) -> None:
    event = events.record(house.bob, Event.SIGNED_OUT)
    leaf = json.loads(stored(house, event)[0])
    with pytest.raises(DatabaseError, match="says when it was accepted"), house.bob.transaction():
        append(rfc8785.dumps(leaf))
    del leaf["accepted"]
    with pytest.raises(DatabaseError, match="duplicate key"), house.bob.transaction():
        append(rfc8785.dumps(leaf))


def test_an_event_vanishes_with_the_transaction_it_tells_of(house: House) -> None:
    before = len(leaves(house))
    with house.system.transaction():
        models.Group.objects.create(tenant_id=house.tenant, name="Never")
        events.record(house.system, Event.GROUP_CREATED)
        transaction.set_rollback(True)
    assert len(leaves(house)) == before
    with house.system.transaction():
        assert not models.Group.objects.filter(name="Never").exists()


def test_an_event_appears_with_the_commit_and_not_before(house: House) -> None:
    def seen() -> int:
        with as_superuser() as database:
            row = database.execute("SELECT count(*) FROM audit.event WHERE tenant_id = %s", [house.tenant]).fetchone()
        return int(row[0]) if row else 0

    before = seen()
    with house.system.transaction():
        events.record(house.system, Event.GROUP_CREATED)
        assert seen() == before
    assert seen() == before + 1


def test_a_rollback_leaves_no_gap_in_the_numbers(house: House) -> None:
    scope = house.bob
    for number in range(12):
        with scope.transaction():
            events.record(scope, Event.SIGNED_IN, facts={"n": number})
            transaction.set_rollback(number % 3 == 0)
    assert_gapless(numbers(house.tenant))
    assert len(leaves(house, "session.signed_in")) == 8


def test_a_savepoint_that_is_rolled_back_leaves_no_gap_either(house: House) -> None:
    scope = house.bob
    with scope.transaction():
        events.record(scope, Event.SIGNED_IN)
        with transaction.atomic():
            events.record(scope, Event.SIGNED_IN)
            transaction.set_rollback(True)
        events.record(scope, Event.SIGNED_OUT)
    assert_gapless(numbers(house.tenant))


def test_threads_write_without_gaps_or_repetitions(house: House) -> None:
    scope = house.bob

    def write() -> None:
        for number in range(10):
            events.record(scope, Event.SIGNED_IN, facts={"n": number})
        connection.close()

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(leaves(house, "session.signed_in")) == 60
    assert_gapless(numbers(house.tenant))


def test_outside_every_tenant_there_is_the_installations_log() -> None:
    before = sum(map(len, numbers(events.INSTALLATION).values()))
    events.record_installation(Event.SIGN_IN_REFUSED, facts={}, payload={"email": "x@nowhere.example"}, request_id="r")
    assert sum(map(len, numbers(events.INSTALLATION).values())) == before + 1
    assert_gapless(numbers(events.INSTALLATION))
