"""A tenant is made while everybody works: no ring of waiting comes of it, and nobody else makes partitions."""

from __future__ import annotations

import threading
import time
import uuid

import psycopg
import pytest
from django.db import DatabaseError, connection

from governance import tenants
from ingestion import catalog
from ingestion.models import Chunk
from tests.cast import House
from tests.governance.database import as_role, as_superuser
from tests.ingestion import shelves

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


class Maker(threading.Thread):
    """Makes a tenant beside the test's own transaction."""

    def __init__(self) -> None:
        super().__init__()
        self.made: uuid.UUID | None = None

    def run(self) -> None:
        try:
            self.made = tenants.create(f"t{uuid.uuid4().hex[:12]}", "Beside")
        finally:
            connection.close()

    def await_lock(self) -> None:
        """Until it waits for a lock, or needs none."""
        with as_superuser() as database:
            while self.is_alive():
                row = database.execute(WAITING).fetchone()
                if row and row[0]:
                    return
                time.sleep(0.02)


def test_a_writer_between_two_tables_is_not_caught_by_a_tenant_in_the_making(house: House) -> None:
    shelf, maker = catalog.create(house.ada, "Shelf").pk, Maker()
    with house.system.transaction():
        shelves.document(house.system, shelf, [])  # holds the versions
        maker.start()
        maker.await_lock()
        shelves.document(house.system, shelf, ["and now the chunks"])
    maker.join()
    assert maker.made


def test_a_reader_who_writes_afterwards_is_not_caught_either(house: House) -> None:
    shelf, maker = catalog.create(house.ada, "Shelf").pk, Maker()
    with house.system.transaction():
        Chunk.objects.filter(tenant_id=house.tenant).count()
        maker.start()
        maker.await_lock()
        shelves.document(house.system, shelf, ["written after the reading"])
    maker.join()
    assert maker.made


def test_ten_tenants_come_into_being_while_documents_are_written(house: House) -> None:
    shelf, over, faults = catalog.create(house.ada, "Shelf").pk, threading.Event(), []

    def write() -> None:
        try:
            while not over.is_set():
                with house.system.transaction():
                    Chunk.objects.filter(tenant_id=house.tenant).count()
                    shelves.document(house.system, shelf, ["one", "two"])
        except DatabaseError as fault:
            faults.append(fault)
        finally:
            connection.close()

    writers = [threading.Thread(target=write) for _ in range(3)]
    makers = [Maker() for _ in range(10)]
    for thread in [*writers, *makers]:
        thread.start()
    for maker in makers:
        maker.join()
    over.set()
    for writer in writers:
        writer.join()
    assert not faults
    assert all(maker.made for maker in makers)


def test_a_partition_takes_rows_by_its_parent_alone_and_under_isolation(house: House) -> None:
    shelves.document(house.system, catalog.create(house.ada, "Shelf").pk, ["mine"])
    part = f"chunk_{house.tenant.hex}"
    with as_superuser() as database:
        kept = database.execute(
            "SELECT relrowsecurity AND relforcerowsecurity, relispartition FROM pg_class WHERE relname = %s", [part]
        ).fetchone()
        parent = {row[0] for row in database.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'chunk'")}
        its = [row[0] for row in database.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s", [part])]
        keys = database.execute(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass", [part]
        ).fetchone()
    assert kept == (True, True)
    assert len(its) == len(parent)
    assert keys == (1,)
    with as_role("chancery_app") as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(f"SELECT * FROM {part}")


def test_the_application_makes_no_partitions_by_itself() -> None:
    with as_role("chancery_app") as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("SELECT chancery.create_partitions(%s)", [uuid.uuid4()])
