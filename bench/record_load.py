"""Appending to the record at a steady rate, with a real sealer and witness beside: `python -m bench.record_load`.

    [--minutes 10] [--rate 200] [--connections 8]

Events come through `events.record` from several processes with several connections each, at times that are set before:
what is late does not slow down what follows. Each carries a payload of a delivered sentence with a citation. Postgres
writes through (fsync). Two figures:

- append: milliseconds of `events.record`, its transaction and its commit with it;
- seal lag: seconds from the time at which Postgres accepted an event to when its leaf is committed, as another
  connection that looks every 50 ms sees it.

Exits 1 where the rate was not held, or an event is left unsealed or not under a cosigned head at the end.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass

import django

from bench import record_stand, stack

PROCESSES = 2
GLANCE_S = 0.05
ENDED_MOST_S = 60.0
HELD = 0.98  # of the rate
NEW = """
SELECT l.index, extract(epoch FROM clock_timestamp() - e.recorded_at)::float8
FROM audit.leaf l JOIN audit.event e ON e.tenant_id = l.tenant_id AND e.id = l.event_id
WHERE l.tenant_id = %s AND l.index > %s ORDER BY l.index
"""
LEFT = """
SELECT (SELECT count(*) FROM audit.event e WHERE e.tenant_id = %(tenant)s
        AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.tenant_id = e.tenant_id AND l.event_id = e.id)),
       (SELECT count(*) FROM audit.leaf WHERE tenant_id = %(tenant)s)
       - coalesce((SELECT max(size) FROM audit.checkpoint WHERE tenant_id = %(tenant)s AND is_witnessed), 0)
"""
START_S = 10.0  # the processes are there by then


@dataclass(frozen=True)
class Took:
    """One append: when it was due, how late it began, how long it took; seconds, of the monotonic clock."""

    due: float
    late: float
    took: float

    @property
    def ended(self) -> float:
        return self.due + self.late + self.took


class Watch(threading.Thread):
    """Looks for leaves that are new, and how old their events are; `lags` are seconds."""

    def __init__(self, tenant: uuid.UUID) -> None:
        super().__init__(daemon=True)
        self.tenant, self.lags, self.over = tenant, list[float](), threading.Event()
        self.connection = record_stand.as_superuser()
        row = self.connection.execute("SELECT max(index) FROM audit.leaf WHERE tenant_id = %s", [tenant]).fetchone()
        self.seen = int(str(row[0])) if row and row[0] is not None else -1

    def run(self) -> None:
        while not self.over.wait(GLANCE_S):
            for index, lag in self.connection.execute(NEW, [self.tenant, self.seen]).fetchall():
                self.seen = int(str(index))
                self.lags.append(float(str(lag)))

    def left(self) -> tuple[int, int]:
        """Events that are in no tree, and leaves under no cosigned head."""
        with record_stand.as_superuser() as connection:
            row = connection.execute(LEFT, {"tenant": self.tenant}).fetchone()
        return (int(str(row[0])), int(str(row[1]))) if row else (0, 0)


def append_all(tenant: uuid.UUID, person: uuid.UUID, schedule: Sequence[Sequence[float]]) -> list[Took]:
    """In a process of its own: a thread and a connection for each of `schedule`, whose times are of the monotonic clock."""
    with ThreadPoolExecutor(len(schedule)) as pool:
        found = pool.map(lambda times: _append_at(tenant, person, times), schedule)
        return [took for lot in found for took in lot]


def _append_at(tenant: uuid.UUID, person: uuid.UUID, times: Sequence[float]) -> list[Took]:
    from django.db import connection

    from governance import people
    from governance.audit import events
    from governance.audit.vocabulary import Event

    scope, found = people.scope_in(tenant, person), list[Took]()
    for due in times:
        time.sleep(max(0.0, due - time.monotonic()))
        began = time.monotonic()
        chunk = uuid.uuid4()
        facts = {
            "ordinal": 0,
            "citations": [{"chunk": chunk, "marker": 1}],
            "is_supported": True,
            "was_redacted": False,
        }
        quote = "Staff may spend up to twenty working days in any calendar year working from another country."
        cited = {"marker": 1, "document_name": "travel-and-remote-work.md", "quote": quote}
        payload = {"text": f"{quote} Longer stays need the consent of the head of department. ", "citations": [cited]}
        events.record(scope, Event.SEGMENT_DELIVERED, interaction=uuid.uuid4(), facts=facts, payload=payload)
        found.append(Took(due, began - due, time.monotonic() - began))
    connection.close()
    return found


def load(tenant: uuid.UUID, person: uuid.UUID, rate: float, seconds: float, connections: int) -> list[Took]:
    start = time.monotonic() + START_S
    times = [start + number / rate for number in range(round(rate * seconds))]
    schedules = [times[place::connections] for place in range(connections)]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=spawn, initializer=django.setup) as pool:
        shares = [schedules[place::PROCESSES] for place in range(PROCESSES)]
        found = [pool.submit(append_all, tenant, person, share) for share in shares]
        return [took for one in found for took in one.result()]


def measure(minutes: float, rate: float, connections: int) -> bool:
    from governance import people, tenants
    from governance.scope import Scope

    slug = f"load{uuid.uuid4().hex[:8]}"
    tenant = tenants.create(slug, "Load")
    person = people.create(Scope.system(tenant), f"ada@{slug}.example", "Ada")
    with record_stand.sealing():
        watch = Watch(tenant)
        watch.start()
        appended = load(tenant, person, rate, 60 * minutes, connections)
        until = time.monotonic() + ENDED_MOST_S
        while any(watch.left()) and time.monotonic() < until:
            time.sleep(0.5)
        watch.over.set()
        watch.join()
        unsealed, unwitnessed = watch.left()
    took = max(one.ended for one in appended) - min(one.due for one in appended)
    reached = len(appended) / took
    print(f"{len(appended)} events in {took:.0f} s over {connections} connections: {reached:.1f}/s of {rate:.0f}/s")
    print(f"  append, ms: {_figures([1000 * one.took for one in appended], '.1f')}")
    print(f"  begun late by, ms: {_figures([1000 * one.late for one in appended], '.1f')}")
    print(f"  seal lag, s: {_figures(watch.lags, '.2f')}")
    print(f"  at the end unsealed: {unsealed}, under no cosigned head: {unwitnessed}")
    return unsealed == 0 and unwitnessed == 0 and reached >= HELD * rate


def _figures(values: Sequence[float], form: str) -> str:
    p50, p95, most = statistics.median(values), statistics.quantiles(values, n=20)[-1], max(values)
    return f"p50 {p50:{form}}, p95 {p95:{form}}, most {most:{form}}, n {len(values)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=200.0, help="events a second")
    parser.add_argument("--connections", type=int, default=8)
    asked = parser.parse_args()
    record_stand.prepare(asked.connections)
    print(stack.load(), flush=True)
    is_held = measure(asked.minutes, asked.rate, asked.connections)
    print(stack.load())
    print("held" if is_held else "MISSED: the rate, or something was left unsealed")
    return 0 if is_held else 1


if __name__ == "__main__":
    sys.exit(main())
