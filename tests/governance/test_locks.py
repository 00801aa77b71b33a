"""Room in Postgres for the locks that a change of every tenant's tables takes, and who says that it is short."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from django.db import DatabaseError, connection

from assistant.operators import health
from assistant.processes import startup
from governance import locks
from governance.locks import Room
from tests.governance.database import as_superuser

TIGHT, WIDE = Room(needed=7_600, there=10_000, each=64), Room(needed=7_500, there=10_000, each=64)


def test_every_tenant_adds_its_partitions_and_their_indexes_to_what_is_needed() -> None:
    before = locks.room()
    with as_superuser() as database, database.transaction(force_rollback=True):
        database.execute("SELECT chancery.create_partitions(gen_random_uuid())")
        needed, there, each = database.execute(locks.ASKED).fetchone() or (0, 0, 0)
    assert needed - before.needed == 14
    assert (there, each) == (before.there, before.each)


def test_the_room_is_what_this_server_was_started_with() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_locks_per_transaction')::int, current_setting('max_connections')::int"
        )
        each, connections = cursor.fetchone()
    assert locks.room().there == each * connections
    assert each >= 512  # what the embedded one sets: the tests' server is one


def test_what_to_set_leaves_as_much_again_to_grow_into() -> None:
    assert (TIGHT.is_tight, WIDE.is_tight) == (True, False)
    assert Room(needed=42_000, there=6_400, each=64).advice.startswith("set max_locks_per_transaction = 2048 and")
    assert TIGHT.advice.startswith("set max_locks_per_transaction = 256 and")


@pytest.mark.parametrize(("room", "is_told"), [(TIGHT, True), (WIDE, False)])
def test_operators_and_whoever_upgrades_are_told_where_it_is_short(room: Room, is_told: bool) -> None:
    with mock.patch.object(locks, "room", return_value=room):
        (warned, part) = ([one.id for one in startup.before_commands()], health._postgres())
    assert (warned, part.tone) == ((["chancery.W002"], "warn") if is_told else ([], "good"))
    assert ("max_locks_per_transaction = 256" in part.note) is is_told


def test_a_database_that_is_away_is_told_of_once_and_by_migrate_itself(settings: Any) -> None:
    with mock.patch.object(locks, "room", side_effect=DatabaseError):
        assert [one.id for one in startup.before_commands()] == ["chancery.W001"]
        settings.MIGRATING = True
        assert startup.before_commands() == []
        assert health._postgres().note == "does not answer"
