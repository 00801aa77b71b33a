"""Graphs stand in for the exact scan where a person may see much: nothing is lost by it, and nothing told."""

from __future__ import annotations

import io
import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, ProgrammingError, connection, connections
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from governance import people
from governance.grants import Holder
from ingestion import catalog
from ingestion.documents import restrictions
from ingestion.models import Document
from ingestion.stores import graph_keeping, graphs, narrow
from ingestion.stores.graph_keeping import Kept, Size
from tests.cast import House
from tests.governance.database import address, as_superuser
from tests.ingestion.graphed import CLOSED, INDEX, LEAST, Ground, K, ground, put

PGVECTOR = "ingestion.stores.pgvector.PgVector"
OPEN = {"few": 2, "some": 18, "more": 180, "most": 900, "much": 900}
# Of the 2,000 that are open: 0.1 %, 1 %, 10 % and 100 %.
READERS = {"olga": ["few"], "charlie": ["few", "some"], "bob": ["few", "some", "more"], "erin": list(OPEN)}


@contextmanager
def as_owner() -> Iterator[None]:
    """The keeper's connection is the owner's, as the command's is."""
    made = connections.create_connection("default")
    told = psycopg.conninfo.conninfo_to_dict(address("chancery_owner"))
    options = {key: value for key, value in made.settings_dict["OPTIONS"].items() if key != "pool"}
    made.settings_dict = made.settings_dict | {"USER": told["user"], "PASSWORD": told["password"], "OPTIONS": options}
    with mock.patch.object(graph_keeping, "connection", made):
        yield
    made.close()


def keep(house: House, least: int = LEAST) -> Kept:
    with as_owner():
        return graph_keeping.keep(least, 64, print, house.tenant)


@pytest.fixture(scope="module")
def library(shared_house: House, django_db_blocker: Any) -> Ground:
    """Six collections, and graphs of those that are large."""
    with django_db_blocker.unblock():
        shared_house.ids["erin"] = people.create(shared_house.system, shared_house.email("erin"), "Erin")
        made = ground(shared_house, OPEN | CLOSED, READERS)
        keep(shared_house)
    return made


def asked_graphs(captured: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in captured if "near AS MATERIALIZED" in query["sql"]]


def test_nobody_misses_a_row_and_next_to_nothing_is_lost(library: Ground, neighbour: House) -> None:
    assert library.graphs() == ["closed", "more", "most", "much"]
    put(neighbour.system, catalog.create(neighbour.ada, "Near").pk, [uuid.uuid4() for _ in range(20)], library.asked)
    for person, names in READERS.items():
        mine = [chunk for name in names for chunk in library.chunks[name]]
        near = library.asked @ np.concatenate([library.vectors[name] for name in names]).T
        for limit in (K, 50):
            found = right = 0
            with CaptureQueriesContext(connection) as captured:
                for query, row in zip(library.asked, near, strict=True):
                    hits = library.search(person, query, limit)
                    best = {mine[at] for at in np.argsort(-row)[:limit]}
                    assert len(hits) == min(limit, len(mine)), person  # and not of others: they are not among `mine`
                    assert {hit.chunk for hit in hits} <= set(mine), person
                    assert hits == sorted(hits, key=lambda hit: (-hit.similarity, hit.chunk))
                    found, right = found + len(best & {hit.chunk for hit in hits}), right + len(best)
            assert found / right >= 0.98, person
            assert len(asked_graphs(captured)) == (len(library.asked) if person == "erin" else 0), person


def test_a_search_by_graphs_passes_over_no_row_that_its_person_may_not_read(library: Ground) -> None:
    """What stands in the closed collection is nearer than anything else, and has a graph of its own."""
    with CaptureQueriesContext(connection) as captured:
        library.search("erin", library.asked[0])
    (statement,) = asked_graphs(captured)
    bare = statement.removeprefix(graphs.BEFORE).removesuffix(graphs.AFTER)
    explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {bare.replace('%', '%%')}"
    with library.house.scope("erin").transaction():
        (plan,) = narrow.rows(explain, {}, graphs.BEFORE, graphs.AFTER)[0]
    nodes = list(below((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]))
    read = [one for one in nodes if str(one.get("Relation Name", "")).startswith("embedding")]
    names = ("more", "most", "much")
    assert {one["Index Name"][6:38] for one in read} == {library.shelves[name].hex for name in names}
    assert all(one["Index Name"].startswith("graph_") for one in read)
    assert sum(one.get("Rows Removed by Filter", 0) for one in read) == 0


def below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for one in node.get("Plans", ()):
        yield from below(one)


def test_the_door_names_no_graph_of_what_its_caller_may_not_read(library: Ground, neighbour: House) -> None:
    names = {shelf: name for name, shelf in library.shelves.items()}
    told = {}
    for who, scope in {person: library.house.scope(person) for person in ("ada", "erin", "bob", "olga")}.items():
        with scope.transaction():
            told[who] = sorted(names[one.collection] for one in graphs.usable(INDEX, list(names)))
            assert graphs.usable("another", list(names)) == []
    assert told == {
        "ada": ["closed", "more", "most", "much"],
        "erin": ["more", "most", "much"],
        "bob": ["more"],
        "olga": [],
    }
    with neighbour.ada.transaction():
        assert graphs.usable(INDEX, list(names)) == []


def test_what_is_set_for_a_graph_does_not_outlive_its_statement(library: Ground) -> None:
    settings = ("enable_sort", "enable_seqscan", "hnsw.ef_search", "hnsw.iterative_scan")
    with library.house.scope("erin").transaction(), connection.cursor() as cursor:
        before = [cursor.execute(f"SHOW {name}").fetchone() for name in settings]
        library.search("erin", library.asked[0])
        assert [cursor.execute(f"SHOW {name}").fetchone() for name in settings] == before


def test_a_collection_with_something_kept_from_a_person_is_scanned_for_them(house: House) -> None:
    made = ground(house, {"most": 90, "much": 90}, {"bob": ["most", "much"], "charlie": ["most", "much"]})
    kept_back = put(house.system, made.shelves["most"], secret := [uuid.uuid4() for _ in range(20)], made.asked)
    keep(house, 60)
    restrictions.restrict(house.ada, kept_back, [Holder(person=house.ids["charlie"])])
    for person in ("bob", "charlie"):
        with CaptureQueriesContext(connection) as captured:
            hits = made.search(person, made.asked[0], least=60)
        (statement,) = asked_graphs(captured)
        assert (made.shelves["most"].hex in statement.replace("-", "")) == (person == "charlie")
        assert (secret[0] in {hit.chunk for hit in hits}) == (person == "charlie")
        assert hits == made.search(person, made.asked[0], least=0)


def test_what_stands_in_old_versions_does_not_make_a_search_come_out_short(house: House) -> None:
    made = ground(house, {"most": 90}, {"bob": ["most"]})
    old = put(house.system, made.shelves["most"], [uuid.uuid4() for _ in range(20)], made.asked[[0] * 20])
    keep(house, 60)
    with house.system.transaction():
        Document.objects.filter(pk=old).update(current=None)
    with CaptureQueriesContext(connection) as captured:
        hits = made.search("bob", made.asked[0], least=60)
    assert len(asked_graphs(captured)) == 1
    assert hits == made.search("bob", made.asked[0], least=0)
    assert len(hits) == K


def test_graphs_come_above_the_threshold_and_go_below_half_of_it(house: House) -> None:
    made = ground(house, {"most": 90, "few": 8}, {})
    assert keep(house, 100) == Kept()
    assert len(keep(house, 98).built) == 1
    assert made.graphs() == ["most"]
    assert keep(house, 98) == keep(house, 196) == Kept()
    for least in (197, 0):
        assert len(keep(house, least).dropped) == 1
        assert made.graphs() == []
        assert len(keep(house, 98).built) == 1
    with house.system.transaction(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM embedding WHERE tenant_id = %s AND collection_id = %s", [house.tenant, made.shelves["most"]]
        )
    assert len(keep(house, 98).dropped) == 1


def test_which_graphs_are_wanted_goes_by_index_and_collection() -> None:
    def size(index: str, chunks: int, dimensions: int = 384) -> Size:
        return Size("embedding_x", index, uuid.uuid4(), chunks, dimensions)

    large, small, wide = size("one", 900), size("one", 99), size("one", 500, 4001)
    assert graph_keeping.wanted([large, small, wide, size("other", 999)], 1000) == [large]
    assert len({large.graph, small.graph, wide.graph}) == 3
    assert len(large.graph) == 55  # a name of Postgres' holds 63
    assert graph_keeping.room(size("one", 1_000_000), 512) == 512
    assert graph_keeping.room(size("one", 1000), 512) == 64


def test_a_build_that_is_killed_leaves_nothing_for_good(house: House) -> None:
    made = ground(house, {"most": 90}, {"bob": ["most"]})
    with as_superuser() as database, as_superuser() as writer:
        with writer.transaction():  # a build waits for who writes
            writer.execute("DELETE FROM embedding WHERE tenant_id = %s AND chunk_id = %s", [house.tenant, uuid.uuid4()])
            faults: list[Exception] = []
            builder = threading.Thread(target=build, args=(house, faults))
            builder.start()
            for _ in range(600):
                rows = database.execute(BUILDING, [house.tenant.hex]).fetchall()
                if rows:
                    break
                time.sleep(0.05)
            assert keep(house, 60) == Kept(is_alone=False)
            database.execute("SELECT pg_terminate_backend(%s)", [rows[0][0]])
            builder.join(30)
        assert len(faults) == 1
    assert made.graphs() == ["most"]  # half made
    with CaptureQueriesContext(connection) as captured:
        assert len(made.search("bob", made.asked[0], least=60)) == K
    assert asked_graphs(captured) == []  # and not asked
    kept = keep(house, 60)
    assert kept.dropped == kept.built
    assert len(kept.built) == 1
    with CaptureQueriesContext(connection) as captured:
        assert len(made.search("bob", made.asked[0], least=60)) == K
    assert len(asked_graphs(captured)) == 1


BUILDING = """
SELECT a.pid FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid JOIN pg_class t ON t.oid = l.relation
JOIN pg_index i ON i.indrelid = t.oid AND NOT i.indisvalid
WHERE a.query LIKE '%%CREATE INDEX CONCURRENTLY%%' AND strpos(t.relname, %s) > 0 AND a.pid <> pg_backend_pid()
"""


def build(house: House, faults: list[Exception]) -> None:
    try:
        keep(house, 60)
    except DatabaseError as fault:
        faults.append(fault)


def test_the_command_is_the_owners_and_says_what_it_did(shared_house: House) -> None:
    with pytest.raises(CommandError, match="owner's role"):
        call_command("vector_graphs")
    with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.vector_sizes(0, NULL)")
    said = io.StringIO()
    with as_owner(), override_settings(VECTOR_STORE={"BACKEND": PGVECTOR, "OPTIONS": {"graphs_from": LEAST}}):
        call_command("vector_graphs", tenant=shared_house.slug, stdout=said)
    assert said.getvalue().splitlines()[-1].startswith("built ")
