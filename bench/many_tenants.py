"""What one tenant's work costs with how many tenants beside it: `python -m bench.many_tenants`.

At each of `--at` tenants the main job is done in a new one: a document is read, searched for and opened, an index built beside
and given up, what is left over counted, documents deleted and purged. Of each step it says the most locks that a transaction of
it held, on how many partitions of others, and the milliseconds; of making a tenant the milliseconds and those of Postgres's
processor, rolled back again; of the search by vector what Postgres took to plan it.

Bars: not one partition of another's, and at most a tenth more locks with the most tenants than with the fewest. The first run
makes the tenants, minutes for thousands; they are kept in `var/bench-tenants` (`CHANCERY_BENCH_TENANTS`). No model is needed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import psycopg

from assistant.local import testing
from bench import demo_database, intervals, processor

if TYPE_CHECKING:
    from tests.cast import House

AT = (10, 1_000, 3_000)
HOTEL = "A night in a hotel is paid up to 140 euros."
MORE = 1.1  # what a connection looks up for the first time it locks once more
PLANNED = 22  # the first two apart
DELETED = 8  # a connection's sixth deletion is planned otherwise than the five before
MADE = "SELECT chancery.create_tenant(gen_random_uuid(), 'b' || left(md5(random()::text), 20), 'Beside', '', false)"
THERE = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'chunk'::regclass"
HELD = """
SELECT count(*), count(DISTINCT l.relation)
    FILTER (WHERE c.relispartition AND c.relkind IN ('r', 'p') AND strpos(c.relname, %s) = 0)
FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation WHERE l.pid = pg_backend_pid()
"""


class Watch:
    """The most that a transaction of each step held: {step: (locks, partitions of others, milliseconds)}."""

    def __init__(self, tenant: uuid.UUID) -> None:
        self.tenant, self.step = tenant, ""
        self.most: dict[str, tuple[int, int, float]] = {}

    def __call__(self, run: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        done, connection = run(sql, params, many, context), context["connection"]
        if connection.in_atomic_block and not connection.needs_rollback:
            with connection.connection.cursor() as cursor:
                locks, others = cursor.execute(HELD, [self.tenant.hex]).fetchone()
            before = self.most.get(self.step, (0, 0, 0.0))
            self.most[self.step] = (max(before[0], locks), max(before[1], others), before[2])
        return done

    def do(self, step: str, act: Callable[[], Any]) -> Any:
        self.step, began = step, time.perf_counter()
        given, took = act(), 1000 * (time.perf_counter() - began)
        locks, others, longest = self.most.get(step, (0, 0, 0.0))
        self.most[step] = (locks, others, max(longest, took))
        return given


def prepare() -> None:
    home = os.environ.get("CHANCERY_BENCH_TENANTS") or str(
        Path(__file__).resolve().parent.parent / "var" / "bench-tenants"
    )
    scripted = "inference.runners.scripted.ScriptedEmbedder"
    os.environ |= {"CHANCERY_BENCH_HOME": home, "CHANCERY_EMBEDDING_RUNNER": scripted}
    demo_database.prepare()
    from django.conf import settings

    settings.CHANCERY_EMBEDDERS = [{"BACKEND": scripted, "OPTIONS": {"dimensions": 96}}]


def superuser() -> psycopg.Connection[Any]:
    return psycopg.connect(testing.services().superuser_url, dbname=demo_database.DATABASE)


def grow(database: psycopg.Connection[Any], wanted: int) -> int:
    (there,) = database.execute(THERE).fetchone() or (0,)
    for _ in range(wanted - there):
        database.execute(MADE)
        database.commit()
    return max(int(there), wanted)


def making(database: psycopg.Connection[Any], rounds: int) -> None:
    wall, worked = [], []
    for turn in range(rounds + 2):  # the first two fill the connection's caches
        spent, began = processor.spent([database.info.backend_pid]), time.perf_counter()
        database.execute(MADE)
        database.rollback()
        if turn > 1:
            wall.append(1000 * (time.perf_counter() - began))
            worked.append(1000 * (processor.spent([database.info.backend_pid]) - spent))
    print(
        f"  a tenant made: {intervals.of_median(wall)} ms, of the processor {statistics.mean(worked):.0f} ms on average"
    )


def planning(database: psycopg.Connection[Any], house: House, collection: uuid.UUID) -> None:
    """Of the statement alone, as the application's role."""
    from django.db import connection

    from ingestion import indexes
    from ingestion.stores import narrow, pgvector

    rest = {"index": indexes.live(house.system), "query": str([0.1] * 384), "among": None, "limit": 8}
    values = narrow.shown(house.system, [collection]) | rest
    took = []
    for _ in range(PLANNED):
        with house.system.transaction(), connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (SUMMARY, FORMAT JSON) {pgvector.SEARCH}", values)
            took.append(float(cursor.fetchone()[0][0]["Planning Time"]))
        if len(took) == 1:
            database.execute(MADE)  # every connection reads the list of partitions anew
            database.commit()
    print(f"  a search planned: {intervals.of_median(took[2:])} ms; the first after a tenant was made {took[1]:.1f} ms")


def main_job(watch: Watch, house: House) -> uuid.UUID:
    """What it leaves is one document, in the collection that it gives back."""
    from ingestion import catalog, indexes, search, tasks
    from ingestion.documents import purging, removal
    from ingestion.indexes import building
    from tests.ingestion import bells, shelves

    ada, system = house.ada, house.system
    shelf = watch.do("collection", lambda: catalog.create(ada, "Travel")).pk
    watch.do("upload, ingest", lambda: bells.ingested(house, shelf, HOTEL))
    rows = [shelves.indexed(system, shelf, [f"{HOTEL} {number}"]) for number in range(DELETED)]
    found = watch.do("search", lambda: search.passages(ada, "What is paid for a hotel?")).passages[0]
    watch.do("passage", lambda: search.passage(ada, found.chunk_id))
    with mock.patch.object(tasks, "ring_index"):
        index = watch.do("index begun", lambda: indexes.build(ada, "scripted-96")).pk
        while watch.do("index built", lambda: building.stretch(house.tenant, index, seconds=0)):
            pass
        watch.do("index given up", lambda: indexes.retire(ada, index))
        while watch.do("index removed", lambda: building.stretch(house.tenant, index, seconds=0)):
            pass
    watch.do("verified", lambda: purging.verify_index(system))
    for row in rows:
        watch.do("deleted", partial(removal.delete, ada, row.document_id))
        watch.do("purged", partial(purging.purge_one, ada, row.document_id))
    return uuid.UUID(str(shelf))


def at(wanted: int, rounds: int) -> dict[str, tuple[int, int, float]]:
    from django.db import connection

    from tests import cast

    with superuser() as database:
        print(f"{grow(database, wanted):,} tenants, load {os.getloadavg()[0]:.0f}")
        making(database, rounds)
        house = cast.house(f"b{uuid.uuid4().hex[:12]}")
        watch = Watch(house.tenant)
        with connection.execute_wrapper(watch):
            shelf = main_job(watch, house)
        for step, (locks, others, took) in watch.most.items():
            print(f"  {step:<16} {locks:>6} locks, {others:>5} partitions of others, {took:>7.0f} ms at most")
        planning(database, house, shelf)
    return watch.most


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at", type=int, nargs="+", default=AT, help="tenants, rising")
    parser.add_argument("--rounds", type=int, default=15, help="of making a tenant")
    asked = parser.parse_args()
    prepare()
    told = [at(wanted, asked.rounds) for wanted in asked.at]
    others = max(others for most in told for _, others, _ in most.values())
    fewest, most = (max(locks for locks, _, _ in one.values()) for one in (told[0], told[-1]))
    print(f"partitions of others: {others}; locks of the largest transaction: {fewest}, then {most}")
    return int(others > 0 or most > MORE * fewest)


if __name__ == "__main__":
    sys.exit(main())
