"""Numbers of the installation, through doors that give back nothing else."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from governance import pages
from governance.errors import NotFound
from governance.pages import Page

RECENT = timedelta(hours=24)
PACE_OVER = timedelta(minutes=15)
QUEUES = ("answers", "ingest", "housekeeping")


@dataclass(frozen=True)
class Tenant:
    id: uuid.UUID
    slug: str
    name: str
    domain: str
    created_at: datetime
    switched_off_at: datetime | None
    is_demo: bool
    people: int
    documents: int
    answers: int
    tokens_today: int


@dataclass(frozen=True)
class Queue:
    """`oldest_s` is how long the oldest that waits has waited."""

    name: str
    queued: int
    running: int
    oldest_s: float | None


@dataclass(frozen=True)
class Fault:
    kind: str  # answer or document
    status: str
    code: str
    amount: int
    latest: datetime


@dataclass(frozen=True)
class Pace:
    """Of the answers that were given within PACE_OVER."""

    answers: int
    tokens: int
    seconds: float

    @property
    def tokens_a_second(self) -> float | None:
        return self.tokens / self.seconds if self.seconds else None


def tenants(words: str, number: int, size: int = pages.SIZE) -> Page[Tenant]:
    """A page of those that have the words in their name, their short name or their domain."""
    wanted = words.casefold()
    every = [Tenant(*row) for row in _rows("tenant_figures(NULL)")]
    found = [one for one in every if wanted in f"{one.name} {one.slug} {one.domain}".casefold()]
    number = pages.there(number, len(found), size)
    return Page(found[(number - 1) * size : number * size], number, len(found), size)


def tenant(wanted: uuid.UUID) -> Tenant:
    """Raises NotFound."""
    found = _rows("tenant_figures(%s)", wanted)
    if not found:
        raise NotFound("There is no such tenant.")
    return Tenant(*found[0])


def queues() -> list[Queue]:
    now, rows = timezone.now(), _rows("queue_figures()")
    amounts = {(queue, status): amount for queue, status, amount, _oldest in rows}
    oldest = {queue: at for queue, status, _amount, at in rows if status == "queued"}
    return [
        Queue(
            name,
            amounts.get((name, "queued"), 0),
            amounts.get((name, "running"), 0),
            (now - oldest[name]).total_seconds() if name in oldest else None,
        )
        for name in QUEUES
    ]


def faults() -> list[Fault]:
    return [Fault(*row) for row in _rows("fault_figures(%s)", timezone.now() - RECENT)]


def pace() -> Pace:
    return Pace(*_rows("answer_figures(%s)", timezone.now() - PACE_OVER)[0])


def _rows(call: str, *values: uuid.UUID | datetime) -> list[tuple]:  # type: ignore[type-arg]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM chancery.{call}", values)
        return list(cursor.fetchall())
