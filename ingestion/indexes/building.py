"""An index that is built beside the live one, in stretches; and one that is given up, removed with a count of what is left.

A row is the truth and a message a doorbell: a token with an end says who works on it. It runs in the worker that ingests, at
its low priority, and lets the texts of fresh uploads go first (ingestion.line.batches).
"""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

from django.db import OperationalError, connection
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from governance import leases
from governance.audit.vocabulary import Event
from governance.errors import Busy, Conflict, Unavailable
from governance.leases import LeaseLostError
from governance.scope import Scope
from inference import runners
from ingestion import indexes, stores
from ingestion.models import Chunk, Index, IndexState
from ingestion.pipeline import indexing

STRETCH_S = 5.0  # a worker has documents to read in between
AT_ONCE = 32  # chunks
REMOVED_AT_ONCE = 2_000
WAIT = timedelta(seconds=30)  # for an embedder that is away
INDEXES = leases.Lease(
    Index,
    timedelta(seconds=60),
    free=Q(state__in=[IndexState.BUILDING, IndexState.RETIRING]) & (Q(lease_until=None) | leases.RUN_OUT),
)
Claim = leases.Claim[Index]


def stretch(tenant: uuid.UUID, index: uuid.UUID, seconds: float = STRETCH_S) -> bool:
    """Go on with it for a while; True where there is more to do. May be called twice, and by two at once."""
    claimed = claim(tenant, index)
    if claimed is None:
        return False
    try:
        return _work(claimed, time.monotonic() + seconds)
    except LeaseLostError:
        return False
    except (Unavailable, Busy, Conflict, OperationalError) as fault:
        claimed.release(WAIT, fault=getattr(fault, "message", "The tables are in use.")[:500])
        return False


def claim(tenant: uuid.UUID, index: uuid.UUID) -> Claim | None:
    return INDEXES.take(tenant, index)


def due(amount: int = 20) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """(tenant, index) of what waits and of what was left by a worker that died."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, id FROM chancery.due_indexes(%s)", [amount])
        return [(tenant, index) for tenant, index in cursor.fetchall()]


def _work(claimed: Claim, until: float) -> bool:
    with claimed.scope.transaction():
        row = Index.objects.get(pk=claimed.pk)
    step = _build if row.state == IndexState.BUILDING else _remove
    while step(claimed, row.name):
        if time.monotonic() >= until:
            return claimed.release()
    return False


def _build(claimed: Claim, name: str) -> bool:
    """The next chunks; False once the index is ready."""
    embedder, began = runners.embedder(name), time.monotonic()
    with claimed.scope.transaction():
        row = claimed.locked()
        missing = stores.store().behind(claimed.scope, name, row.place, AT_ONCE)
    if not missing:
        return _finish(claimed, row)
    # Anew: what may not leave the house is said in the middle of a build, too.
    indexes.require_house(claimed.scope, embedder)
    chunks = indexing.stored(claimed.scope, missing)
    too_long = sum(tokens > embedder.max_tokens for tokens in embedder.count_tokens([one.context for one in chunks]))
    entries = indexing.entries(embedder, chunks, can_wait=True)
    with claimed.scope.transaction():
        claimed.locked()
        # Locked, so that a document that goes meanwhile takes its vectors along: see ingestion.pipeline.ending.forget.
        there = Chunk.objects.select_for_update().filter(tenant_id=claimed.scope.tenant, id__in=missing)
        ids = set(there.values_list("id", flat=True))
        stores.store().upsert(claimed.scope, name, [one for one in entries if one.chunk in ids])
        counted = _counted(claimed.scope, name) if row.place is None else {"done": F("done") + len(ids)}
        claimed.change(
            place=missing[-1],
            too_long=(0 if row.place is None else F("too_long")) + too_long,
            worked=F("worked") + len(entries),
            worked_s=F("worked_s") + (time.monotonic() - began),
            fault="",
            lease_until=Now() + INDEXES.lasts,
            **counted,
        )
    return True


def _finish(claimed: Claim, row: Index) -> bool:
    """Ready, if nothing came in behind the place where the build was; else once more from the beginning."""
    with claimed.scope.transaction():
        indexes.locked()
        claimed.locked()
        if stores.store().behind(claimed.scope, row.name, None, 1):
            claimed.change(place=None)
            return True
        counted = _counted(claimed.scope, row.name)
        claimed.change(state=IndexState.READY, ready_at=timezone.now(), lease=None, lease_until=None, **counted)
        facts = {"chunks": counted["total"], "too_long": row.too_long, "seconds": round(row.worked_s)}
        indexes.record(claimed.scope, Event.INDEX_READY, row, facts)
    return False


def _remove(claimed: Claim, name: str) -> bool:
    store = stores.store()
    with claimed.scope.transaction():
        row = claimed.locked()
        gone = store.discard(claimed.scope, name, REMOVED_AT_ONCE)
        removed = (row.removed or 0) + gone
        claimed.change(removed=removed, lease_until=Now() + INDEXES.lasts)
        if gone == REMOVED_AT_ONCE:
            return True
        left = store.count(claimed.scope, name)
        if left:
            return True
        now = timezone.now()
        claimed.change(state=IndexState.RETIRED, retired_at=now, lease=None, lease_until=None, done=0)
        indexes.record(claimed.scope, Event.INDEX_REMOVED, row, {"removed": removed, "left": left})
    return False


def _counted(scope: Scope, name: str) -> dict[str, int]:
    chunks = Chunk.objects.filter(tenant_id=scope.tenant, is_kept_back=False).count()
    return {"done": stores.store().count(scope, name), "total": chunks}
