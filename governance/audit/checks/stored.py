"""What verification reads of one tenant's record: pages in the tree's order, never a row at a time. In a scope's transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from governance.audit import rows
from governance.audit.checks.columns import Row
from governance.audit.tree import heads
from governance.audit.tree.heads import Head
from governance.audit.vocabulary import Event

PAGE = 2048
HEADS = 1000
# Ids as text, which is what leaves hold: to make a UUID of each would cost more than to compare it.
COLUMNS = (
    "index, event_id::text, hash, chain, leaf, writer::text, number, recorded_at, at, action, actor_id::text,"
    " subject_id::text, interaction::text, resource_id::text, outcome, mentions::text[], payload_hash"
)


@dataclass(frozen=True)
class Extent:
    """How many rows there are of each kind; `end` is the place after the last leaf."""

    leaves: int
    end: int
    events: int
    payloads: int
    nodes: int


def extent() -> Extent:
    with connection.cursor() as cursor:
        cursor.execute("SELECT leaves, ends, events, payloads, nodes FROM audit.extent()")
        return Extent(*cursor.fetchone())


def leaves(end: int) -> Iterator[list[Row]]:
    for first in range(0, end, PAGE):
        yield _rows(f"SELECT {COLUMNS} FROM audit.stretch(%s, %s)", [first, PAGE])


def loose() -> Iterator[list[Row]]:
    """Events that are in no tree yet."""
    after = uuid.UUID(int=0)
    while True:
        found = _rows(f"SELECT {COLUMNS} FROM audit.loose(%s, %s)", [after, PAGE])
        yield found
        if len(found) < PAGE:
            return
        after = uuid.UUID(found[-1].event_id)


def writers() -> Iterator[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id::text, last FROM audit.writers()")
        while some := cursor.fetchmany(PAGE):
            yield from some


def every_head() -> Iterator[Head]:
    """First to last."""
    number = 0
    while True:
        found = heads.after(number, HEADS)
        yield from found
        if len(found) < HEADS:
            return
        number = found[-1].number


def retention_runs() -> list[dict[str, Any]]:
    """What each said that it let go, newest first."""
    found: list[rows.Row] = []
    place: dict[str, str] = {}
    while True:
        some = rows.read({"action": str(Event.RETENTION_RUN)} | place, HEADS)
        found += some
        if len(some) < HEADS:
            return [one.recorded.facts for one in found]
        last = some[-1].recorded
        place = {"before_at": last.recorded_at.isoformat(), "before_id": str(last.id)}


def _rows(query: str, values: list[Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(map(Row._make, cursor.fetchall()))
