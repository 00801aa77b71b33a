"""Which embedder a tenant's chunks are searched by, and the change to another: built beside, asked, switched, retired.

The next index is built from the stored chunks while the live one answers (ingestion.indexes.building). What comes in meanwhile is
written into both. A switch is one transaction, and so is the way back, for an index that was live is kept, and kept
complete, until somebody retires it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import OperationalError, transaction
from django.utils import timezone

from governance import access
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Busy, Conflict, NotFound
from governance.scope import Scope
from governance.sentence import phrase, sentence
from inference import runners
from inference.runners.base import EmbeddingRunner
from ingestion import stores
from ingestion.documents import labelled
from ingestion.models import Chunk, Classification, Collection, Index, IndexState

KIND = "index"
WRITTEN = (IndexState.LIVE, IndexState.READY, IndexState.BUILDING)  # what new documents are put into
_GONE = phrase("There is no such index.")
_NOT_THERE = phrase("No embedding model of this name is set up here. Ask your operator.")
_OUTSIDE = phrase(
    "This model stands on a machine outside, and %(amount)s collections are restricted to the house, deleted ones among them. "
    "Choose another model, or change their label."
)
_ALREADY = phrase("The index is searched with this model already.")
_ANOTHER = phrase("Another index is being built, or kept. Retire it first.")
_NOT_NOW = phrase("This cannot be done with the index as it stands now.")
_IN_USE = phrase("The index is live. Switch to another one first.")


@dataclass(frozen=True)
class Choice:
    """An embedder that an index can be built with. `detail` says why it cannot be used now, where it cannot."""

    name: str
    dimensions: int
    max_tokens: int
    is_in_house: bool
    detail: str


def live(scope: Scope) -> str:
    """The name of the index that is searched."""
    with scope.transaction():
        row = Index.objects.filter(state=IndexState.LIVE).values_list("name", flat=True).first()
    return row or runners.embedder().name


def written(system: Scope) -> list[str]:
    """The indexes that a new document is put into, the live one first. From then on the tenant's index is no longer that of
    the installation's settings, whatever is written there.
    """
    with system.transaction():
        rows = {row.state: row.name for row in Index.objects.filter(state__in=WRITTEN)}
        if IndexState.LIVE not in rows:
            rows[IndexState.LIVE] = _begin(system).name
    return [rows[state] for state in WRITTEN if state in rows]


def listed(scope: Scope) -> list[Index]:
    """The live one first, then what is being built or kept, then what is gone, the newest first. Raises Forbidden."""
    access.require(scope, Action.TENANT_MANAGE)
    with scope.transaction():
        rows = list(Index.objects.order_by("-created_at"))
        if not any(row.state == IndexState.LIVE for row in rows):
            rows.append(_unwritten(scope))
    order: list[str] = [IndexState.LIVE, IndexState.READY, IndexState.BUILDING, IndexState.PAUSED, IndexState.RETIRING]
    return sorted(rows, key=lambda row: order.index(row.state) if row.state in order else len(order))


def get(scope: Scope, index: uuid.UUID) -> Index:
    """Raises Forbidden, NotFound."""
    access.require(scope, Action.TENANT_MANAGE)
    with scope.transaction():
        return _found(index)


def choices(scope: Scope) -> list[Choice]:
    """The embedders of this installation that the tenant has no index of. Raises Forbidden."""
    taken = {row.name for row in listed(scope) if row.state != IndexState.RETIRED}
    return [
        Choice(one.name, one.dimensions, one.max_tokens, one.is_in_house, one.probe().detail)
        for one in runners.embedders()
        if one.name not in taken
    ]


def build(scope: Scope, name: str) -> Index:
    """Begin to build the index of that embedder beside the live one.

    Raises Forbidden, NotFound (no such embedder), Conflict (one is being built or kept already, or the embedder stands
    outside and something is restricted), Unavailable (it does not answer), and Busy where the tables are in use.
    """
    access.require(scope, Action.TENANT_MANAGE)
    embedder = _embedder(name)
    total = _content(scope, embedder)
    try:
        with _changing(scope):
            if not Index.objects.filter(state=IndexState.LIVE).exists():
                _begin(scope)
            if Index.objects.filter(state=IndexState.LIVE, name=name).exists():
                raise Conflict(_ALREADY)
            if Index.objects.exclude(state__in=[IndexState.LIVE, IndexState.RETIRED]).exists():
                raise Conflict(_ANOTHER)
            stores.store().open(scope, name)
            row = Index.objects.create(
                tenant_id=scope.tenant,
                name=name,
                dimensions=embedder.dimensions,
                state=IndexState.BUILDING,
                total=total,
                person=scope.actor,
            )
            record(scope, Event.INDEX_BEGUN, row, {"chunks": total})
            _ring(row)
    except OperationalError as fault:  # a lock was not had in time
        raise Busy("The tables are in use. Try again in a moment.", wait_s=5) from fault
    return row


def pause(scope: Scope, index: uuid.UUID) -> Index:
    """Raises Forbidden, NotFound, Conflict."""
    with _changing(scope):
        row = _in(index, IndexState.BUILDING)
        row.state, row.lease, row.lease_until = IndexState.PAUSED, None, None
        row.save(update_fields=["state", "lease", "lease_until"])
        record(scope, Event.INDEX_PAUSED, row, {"done": row.done, "chunks": row.total})
    return row


def resume(scope: Scope, index: uuid.UUID) -> Index:
    """From the beginning of the chunks, so that what came in meanwhile is found; nothing is embedded twice."""
    with _changing(scope):
        row = _in(index, IndexState.PAUSED)
        row.state, row.place, row.fault, row.lease, row.lease_until = IndexState.BUILDING, None, "", None, None
        row.save(update_fields=["state", "place", "fault", "lease", "lease_until"])
        record(scope, Event.INDEX_RESUMED, row, {"done": row.done, "chunks": row.total})
        _ring(row)
    return row


def switch(scope: Scope, index: uuid.UUID) -> Index:
    """Search by this one from the commit on; the one that was live is kept ready, for the way back.

    Raises Forbidden, NotFound, and Conflict while it does not hold every chunk.
    """
    with _changing(scope):
        row = _in(index, IndexState.READY)  # and so it holds every chunk that readers see: `lacks` keeps it true
        now = timezone.now()
        before = Index.objects.filter(state=IndexState.LIVE).first()
        if before is not None:
            Index.objects.filter(pk=before.pk).update(state=IndexState.READY, ready_at=now)
        row.state, row.live_at = IndexState.LIVE, now
        row.save(update_fields=["state", "live_at"])
        record(scope, Event.INDEX_SWITCHED, row, {"before": before.name if before else "", "chunks": row.total})
    return row


def retire(scope: Scope, index: uuid.UUID) -> Index:
    """Give an index up: nothing is written into it any more, and background work removes its vectors."""
    with _changing(scope):
        row = _found(index)
        if row.state == IndexState.LIVE:
            raise Conflict(_IN_USE)
        if row.state in {IndexState.RETIRING, IndexState.RETIRED}:
            return row
        row.state, row.lease, row.lease_until, row.fault = IndexState.RETIRING, None, None, ""
        row.save(update_fields=["state", "lease", "lease_until", "fault"])
        record(scope, Event.INDEX_GIVEN_UP, row, {})
        _ring(row)
    return row


def lacks(system: Scope, version: uuid.UUID, held: str | None = None) -> bool:
    """Whether the live index lacks a chunk of this version, which is then not to be shown to readers yet.

    Asked in the transaction that shows it: until that ends no index is switched, and one that was ready and lacks a chunk of
    it is being built again. `held` is an index whose vectors of all its chunks are from this very transaction.
    """
    rows = {row.state: row for row in locked()}
    ready = rows.get(IndexState.READY)
    if ready is not None and stores.store().missing(system, ready.name, version):
        Index.objects.filter(pk=ready.pk).update(state=IndexState.BUILDING, place=None)
    current = rows.get(IndexState.LIVE)
    live = current.name if current else runners.embedder().name
    return live != held and bool(stores.store().missing(system, live, version))


@contextmanager
def _changing(scope: Scope) -> Iterator[None]:
    """The right asked, and the tenant's indexes changed by one at a time: two who switch at once would leave none live."""
    access.require(scope, Action.TENANT_MANAGE)
    with scope.transaction():
        locked()
        yield


def locked() -> list[Index]:
    """Those that are not retired: until the caller's transaction ends nobody else changes an index of this tenant."""
    return list(Index.objects.select_for_update().exclude(state=IndexState.RETIRED).order_by("pk"))


def _begin(scope: Scope) -> Index:
    """The row of the index that the tenant has had all along; another process may be as quick."""
    made = _unwritten(scope)
    made.live_at = timezone.now()
    Index.objects.bulk_create([made], ignore_conflicts=True)
    return Index.objects.get(state=IndexState.LIVE)


def _unwritten(scope: Scope) -> Index:
    embedder = runners.embedder()
    return Index(tenant_id=scope.tenant, name=embedder.name, dimensions=embedder.dimensions, state=IndexState.LIVE)


def _embedder(name: str) -> EmbeddingRunner:
    found = next((one for one in runners.embedders() if one.name == name), None)
    if found is None:
        raise NotFound(_NOT_THERE)
    found.embed(["Is it there?"], "query")  # raises Unavailable where it is not: better now than in the night
    return found


def _content(scope: Scope, embedder: EmbeddingRunner) -> int:
    """How many chunks there are, those of deleted collections too, which may come back and are embedded as all others.

    An admin may not count what they may not read: the tenant's own work does.
    """
    with scope.as_system().transaction():
        require_house(scope, embedder)
        return Chunk.objects.filter(tenant_id=scope.tenant).count()


def require_house(scope: Scope, embedder: EmbeddingRunner) -> None:
    """Raises Conflict where it stands outside and something is restricted to the house, as of now."""
    if embedder.is_in_house:
        return
    with scope.as_system().transaction():
        rows = Collection.objects.filter(classification=Classification.RESTRICTED)
        restricted = {*rows.values_list("pk", flat=True), *labelled.kept_home(scope.as_system())}
    if restricted:
        raise Conflict(sentence(_OUTSIDE, amount=len(restricted)))


def _found(index: uuid.UUID) -> Index:
    row = Index.objects.filter(pk=index).first()
    if row is None:
        raise access.unseen(Action.TENANT_MANAGE, KIND, index, _GONE)
    return row


def _in(index: uuid.UUID, *states: IndexState) -> Index:
    row = _found(index)
    if row.state not in states:
        raise Conflict(_NOT_NOW)
    return row


def record(scope: Scope, event: Event, row: Index, facts: Mapping[str, object]) -> None:
    """In the caller's transaction."""
    told = {"embedder": row.name, "dimensions": row.dimensions, **facts}
    events.record(scope, event, resource=(KIND, row.pk), facts=told)


def _ring(row: Index) -> None:
    """On commit; the sweep rings again for what no one heard."""
    tenant, key = row.tenant_id, row.pk

    def ring() -> None:
        from ingestion import tasks  # its tasks build

        tasks.ring_index(tenant, key)

    transaction.on_commit(ring, robust=True)


# What an admin may do to an index that is there, by the word for it.
CHANGES: Mapping[str, Callable[[Scope, uuid.UUID], Index]] = {
    "pause": pause,
    "resume": resume,
    "switch": switch,
    "retire": retire,
}
