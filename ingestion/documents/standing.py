"""Where a document stands while it is on its way: how far, how much longer, who waits for what; and how long each stage took."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from governance import access
from governance.actions import Action
from governance.scope import Scope
from ingestion import line
from ingestion.line import leases, pauses
from ingestion.models import Document, Status, Version

WAITING = "waiting"
FRESH_S = 300.0  # how far back the pace of a batch is looked at
_FEW = 2  # ends of documents that tell of no pace yet

# A batch is what came while something was still on its way: it begins where the queue was last empty.
BATCH = """
WITH lately AS (
    SELECT queued_at AS began, coalesce(ended_at, now()) AS ended, ended_at IS NOT NULL AS is_done FROM version
    WHERE tenant_id = %(tenant)s AND collection_id = %(collection)s AND queued_at > now() - interval '2 days'
), spread AS (
    SELECT began, max(ended) OVER (ORDER BY began, ended ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
    FROM lately
), batch AS (
    SELECT * FROM lately WHERE began >= (SELECT max(began) FROM spread WHERE before IS NULL OR before < began)
)
SELECT count(*), count(*) FILTER (WHERE is_done), min(began),
       count(*) FILTER (WHERE is_done AND ended > now() - make_interval(secs => %(fresh)s))
FROM batch
"""


@dataclass(frozen=True)
class Step:
    """A stage that was begun at `at`; `took_s` until the next one, None for the last. `figures` are what became of it."""

    stage: str
    at: datetime
    took_s: float | None
    note: str
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """Of a version on its way. Times are in seconds; what does not apply is None.

    `left_s` is what its stage still takes, at its own pace. `beat_s` is how long ago a worker said that it is at work on it.
    `waits_s` is since when it waits for `why`, and `before` how many of the tenant's documents are in line before it.
    """

    done: int = 0
    total: int = 0
    left_s: float | None = None
    beat_s: float | None = None
    waits_s: float | None = None
    why: str = ""
    before: int | None = None


@dataclass(frozen=True)
class Batch:
    """What is on its way in a collection, with what came along with it and is done; `left_s` at the pace of late."""

    done: int
    total: int
    left_s: float | None


def steps(version: Version) -> list[Step]:
    marks = [(datetime.fromisoformat(mark["at"]), mark) for mark in version.timeline]
    ends = [at for at, _ in marks[1:]]
    told = {"stage", "at", "note"}
    return [
        Step(
            mark["stage"],
            at,
            (ends[n] - at).total_seconds() if n < len(ends) else None,
            mark.get("note", ""),
            {name: one for name, one in mark.items() if name not in told},
        )
        for n, (at, mark) in enumerate(marks)
    ]


def of(scope: Scope, row: Document) -> Standing | None:
    """Of what was uploaded last; None for what has ended."""
    version = row.latest
    if version is None or version.status != Status.QUEUED:
        return at_work(version) if version else None
    last = version.timeline[-1] if version.timeline else {}
    if last.get("stage") == WAITING:
        return Standing(waits_s=_since(datetime.fromisoformat(last["at"])), why=last.get("note", ""))
    place = line.place(scope, row)
    return Standing(
        before=place.ahead if place else None,
        why=pauses.PAUSED if place and place.is_paused else "",
        waits_s=_since(version.queued_at or version.created_at),
    )


def batch(scope: Scope, collection: uuid.UUID) -> Batch:
    """Raises NotFound, Forbidden."""
    access.require(scope, Action.COLLECTION_READ, collection)
    with scope.transaction(), connection.cursor() as cursor:
        cursor.execute(BATCH, {"tenant": scope.tenant, "collection": collection, "fresh": FRESH_S})
        total, done, began, fresh = cursor.fetchone()
    if not total or done == total:
        return Batch(done, total, None)
    window = min(_since(began), FRESH_S)
    return Batch(done, total, (total - done) * window / fresh if fresh >= _FEW else None)


def at_work(version: Version) -> Standing | None:
    """Of one that a worker has; of the others None. Asks nothing of the database."""
    if version.status != Status.PROCESSING:
        return None
    beat = _since(version.lease_until - leases.LEASE) if version.lease_until else None
    last = version.timeline[-1] if version.timeline else {}
    already = int(last.get("already", 0))
    left = None
    if version.total and version.done > already and last.get("stage") == version.stage:
        took = _since(datetime.fromisoformat(last["at"]))
        left = max(0, version.total - version.done) * took / (version.done - already)
    return Standing(done=version.done, total=version.total, left_s=left, beat_s=beat)


def _since(at: datetime) -> float:
    return max(timedelta(), timezone.now() - at).total_seconds()
