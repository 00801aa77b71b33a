"""What one tenant does plans and locks its own partitions, however many tenants there are beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
from django.db import connection

from governance.roles import SupportLevel
from ingestion import catalog, indexes, orders, search, stores, tasks
from ingestion.documents import binned, extracts, purging, removal, supported
from ingestion.documents.extracts import Wanted
from ingestion.indexes import building
from ingestion.leaving import deleted, erasing
from ingestion.models import Chunk, Document
from ingestion.search import rewriting, topics
from tests import partitions
from tests.cast import House
from tests.governance import cases
from tests.governance.database import as_superuser
from tests.ingestion import bells, shelves

BESIDE = 50
TABLES = ("chunk", "embedding", "posting")
HOTEL = "A night in a hotel is paid up to 140 euros."
# Functions that read a partitioned table, whose statements nobody else sees: each is called below.
FUNCTIONS = {"chancery.open_index", "chancery.support_passages"}
NAMED = """
SELECT n.nspname || '.' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname IN ('public', 'audit', 'chancery') AND p.prosrc ~ %s
"""
# Tables whose rows take rows of a partitioned table along, and whether the plan for that is made anew each time.
TAKING = """
SELECT DISTINCT k.confrelid::regclass::text,
       EXISTS (SELECT 1 FROM pg_trigger g WHERE g.tgrelid = k.confrelid AND g.tgfoid = 'chancery.plan_for_one'::regproc)
FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = ANY (%s::regclass[])
"""
# Partitions of others that this connection's transaction has a lock on, whatever kind of lock and however it came to it.
OTHERS = """
SELECT DISTINCT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = pg_backend_pid() AND c.relispartition AND c.relkind IN ('r', 'p') AND strpos(c.relname, %s) = 0
"""


@pytest.fixture
def locked() -> Iterator[dict[str, list[str]]]:
    """The statements that left a lock on a partition of another tenant's, as they come."""
    found: dict[str, list[str]] = {}

    def look(run: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        done = run(sql, params, many, context)
        inside = connection.in_atomic_block and not connection.needs_rollback
        if inside and (scope := getattr(connection, "chancery_scope", None)):
            with connection.connection.cursor() as cursor:
                rows = cursor.execute(OTHERS, [scope.tenant.hex]).fetchall()
            if rows:
                found.setdefault(str(sql), [name for (name,) in rows])
        return done

    with connection.execute_wrapper(look):
        yield found


def test_a_statement_that_does_not_say_its_tenant_is_refused() -> None:
    said = (
        "SELECT 1 FROM chunk WHERE tenant_id = %s",
        'SELECT "chunk"."id" FROM "chunk" WHERE ("chunk"."tenant_id" = %s AND "chunk"."id" = %s)',
        'SELECT 1 FROM t WHERE EXISTS(SELECT 1 FROM "chunk" U0 WHERE U0."tenant_id" = %s)',
        "DELETE FROM posting p WHERE p.tenant_id = %(t)s AND EXISTS (SELECT 1 FROM posting o WHERE o.tenant_id = %(t)s)",
        "INSERT INTO embedding (tenant_id) VALUES (%s)",
        "SELECT 1 FROM chunk_of_nobody",
        "SELECT chunk FROM unnest(%s) AS one (chunk)",
    )
    unsaid = (
        "SELECT count(*) FROM chunk",
        "SELECT 1 FROM public.chunk WHERE id = %s",
        'UPDATE "chunk" SET "tenant_id" = %s WHERE "chunk"."id" = %s',
        "DELETE FROM embedding WHERE tenant_id = chancery.tenant()",
        "DELETE FROM posting p WHERE p.tenant_id = %s AND p.term IN (SELECT o.term FROM posting o)",
        "SELECT 1 FROM chunk c JOIN posting p ON p.tenant_id = c.tenant_id WHERE c.tenant_id = %s",
        "SELECT 1 FROM version v, chunk c WHERE v.tenant_id = %s AND c.version_id = v.id",
    )
    assert [one for one in said if partitions.untold(one, TABLES)] == []
    assert [one for one in unsaid if not partitions.untold(one, TABLES)] == []


def test_the_suite_refuses_it_in_whatever_service_it_stands(shared_house: House) -> None:
    with shared_house.system.transaction():
        with pytest.raises(partitions.UntoldTenantError):
            Chunk.objects.count()
        assert Chunk.objects.filter(tenant_id=shared_house.tenant).count() == 0
    with pytest.raises(partitions.UntoldTenantError):  # and where somebody caught it, the end of the test does not
        partitions.check()
    partitions.check()


def test_what_a_tenant_does_locks_nothing_of_the_others(
    house: House, locked: dict[str, list[str]], settings: Any
) -> None:
    with as_superuser() as database:  # their partitions alone: no sweep of another test passes over them
        for _ in range(BESIDE):
            database.execute("SELECT chancery.create_partitions(gen_random_uuid())")
    ada, system = house.ada, house.system
    shelf = catalog.create(ada, "Travel").pk
    row = bells.ingested(house, shelf, HOTEL)
    bells.ingested(house, shelf, f"{HOTEL} With breakfast.")  # a second version of it
    (found, *_) = search.passages(ada, "What is paid for a hotell night?").passages
    search.passage(ada, found.chunk_id)
    search.neighbours(ada, found, 2)
    search.document_text(ada, row.pk)
    topics.headings(ada, 3)
    topics.near(ada, [found.chunk_id], 3)
    extracts.found(ada, row.pk, Wanted(number=2, words="hotel"))
    orders.listed(ada, row.pk)
    rewriting.stale(system, 1)
    _another_index(house, settings)
    # A connection keeps a key's statement prepared: its sixth run is another than the five before.
    for made in [shelves.indexed(system, shelf, [f"{HOTEL} {n}"]) for n in range(7)]:
        with system.transaction():
            removal.erase(system, [Document.objects.get(pk=made.document_id)])
    removal.delete(ada, row.pk)
    purging.purge_one(ada, row.pk)
    assert purging.verify_index(system).total == 0
    binned.keep_for(ada, 0)
    catalog.delete(ada, shelf)
    deleted.purge(ada, shelf)
    erasing.go_on(system)
    assert locked == {}


def test_whoever_helps_reads_a_document_from_its_tenants_partition_alone(
    house: House, neighbour: House, locked: dict[str, list[str]]
) -> None:
    shelf, document = cases.shelf(house)
    opened = cases.entered(house, SupportLevel.READING, [shelf])
    assert cases.SECRET in cases.text_of(supported.get(opened, document))
    assert locked == {}


def _another_index(house: House, settings: Any) -> None:
    """Built, compared with what is there, and given up."""
    scripted = "inference.runners.scripted.ScriptedEmbedder"
    settings.CHANCERY_EMBEDDERS = [{"BACKEND": scripted, "OPTIONS": {"dimensions": 96}}]
    with mock.patch.object(tasks, "ring_index"):
        index = indexes.build(house.ada, "scripted-96").pk
        while building.stretch(house.tenant, index, seconds=0):
            pass
        assert stores.store().count(house.system, "scripted-96") == 1
        indexes.retire(house.ada, index)
        while building.stretch(house.tenant, index, seconds=0):
            pass


def test_a_lock_on_anothers_partition_is_seen(house: House, neighbour: House, locked: dict[str, list[str]]) -> None:
    """What the test above looks for, where it is: the statement itself comes by a way that nobody watches."""
    with house.system.transaction():
        connection.connection.execute("SELECT count(*) FROM chunk")
        Document.objects.exists()
    assert any(neighbour.tenant.hex in name for names in locked.values() for name in names)


def test_no_function_reads_a_partitioned_table_unseen() -> None:
    with as_superuser() as database:
        found = database.execute(NAMED, [rf"\mpublic\.({'|'.join(TABLES)})\M"]).fetchall()
    assert {name for (name,) in found} == FUNCTIONS


def test_what_takes_rows_of_a_partition_along_is_planned_for_one_tenant() -> None:
    with as_superuser() as database:
        assert database.execute(TAKING, [list(TABLES)]).fetchall() == [("version", True)]
