"""The bin of collections: a deleted one is nobody's, and comes back as it was within its tenant's days.

Who ran it may bring it back or have it erased before its time: its grants stay with it until it is erased. Until then nothing
of it is touched. From `purged_at` on there is no way back, and ingestion.leaving.erasing does the rest.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from governance import access, grants, models, tenants
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict
from governance.scope import Scope
from governance.sentence import phrase, sentence
from ingestion import documents
from ingestion.catalog import KIND
from ingestion.models import Collection, Document

GONE = phrase("There is no such deleted collection, or it was not yours to run.")
_TAKEN = phrase("There is a collection named “%(name)s” now. Rename that one first.")


@dataclass(frozen=True)
class Binned:
    """`until` is when it is erased by itself. `documents` is None where the content is not theirs to know of."""

    row: Collection
    documents: int | None
    until: datetime


def found(scope: Scope) -> list[Binned]:
    """Those that this scope may bring back, the last deleted first."""
    with scope.as_system().transaction():  # a retired one is shown to no person: the condition says whose it was
        rows = list(_theirs(scope).annotate(held=Count("documents")).order_by("-deleted_at"))
        reads = set(_binned().filter(access.retired_filter(scope, Action.COLLECTION_READ)).values_list("pk", flat=True))
    days = tenants.current(scope).bin_days
    return [Binned(row, row.held if row.pk in reads else None, _until(row, days)) for row in rows]


def amount(scope: Scope) -> int:
    """How many `found` would tell of."""
    with scope.as_system().transaction():
        return _theirs(scope).count()


def restore(scope: Scope, collection: uuid.UUID) -> Collection:
    """Back as it was, with its documents, its sources and who may use it. Raises NotFound, Conflict."""
    _require(scope, collection)
    with scope.as_system().transaction():
        amount = Document.objects.filter(collection=collection).count()
    documents.require_room(scope, amount)
    try:
        with scope.transaction(), transaction.atomic():
            grants.revive(scope, collection)  # first: a retired one is not theirs to change
            row = _locked(collection)
            if _until(row, tenants.current(scope).bin_days) <= timezone.now():  # the next purge takes it
                raise access.unseen(Action.COLLECTION_MANAGE, KIND, collection, GONE)
            row.deleted_at = row.deleted_by = None
            row.save(update_fields=["deleted_at", "deleted_by"])
            _record(scope, Event.COLLECTION_RESTORED, row, {"documents": amount})
            documents.ring()
    except IntegrityError:
        raise Conflict(sentence(_TAKEN, name=row.name)) from None
    return row


def purge(scope: Scope, collection: uuid.UUID) -> None:
    """Have it erased now, before its time. Raises NotFound."""
    _require(scope, collection)
    with scope.transaction():
        grants.revive(scope, collection)
        row = _locked(collection)
        _end(scope, row, "asked")
        grants.retire(scope, collection)


def due(system: Scope) -> list[uuid.UUID]:
    """Those whose time is over, and that nobody has had erased."""
    with system.transaction():
        over = _binned().filter(deleted_at__lte=_over(system))
        return list(over.order_by("deleted_at").values_list("pk", flat=True))


def overdue(system: Scope) -> int:
    """How many should be gone by now, and are not."""
    with system.transaction():
        going = Collection.objects.filter(purged_at__isnull=False).count()
    return going + len(due(system))


def end(system: Scope, collection: uuid.UUID) -> None:
    """Its time is over. Whoever restores it at this moment wins, or finds it gone."""
    with system.transaction():
        row = _binned().select_for_update(no_key=True).filter(pk=collection).first()
        if row is not None:
            _end(system, row, "over")


def _end(scope: Scope, row: Collection, why: str) -> None:
    row.purged_at, row.purged_by = timezone.now(), scope.actor
    row.save(update_fields=["purged_at", "purged_by"])
    _record(scope, Event.COLLECTION_PURGED, row, {"why": why})


def _binned() -> QuerySet[Collection]:
    return Collection.objects.filter(deleted_at__isnull=False, purged_at=None)


def _theirs(scope: Scope) -> QuerySet[Collection]:
    """Whose time is not over, of those that this scope ran; in the caller's system transaction."""
    mine = access.retired_filter(scope, Action.COLLECTION_MANAGE)
    return _binned().filter(mine, deleted_at__gt=_over(scope.as_system()))


def _require(scope: Scope, collection: uuid.UUID) -> None:
    """Raises NotFound."""
    theirs = Q(pk=collection) & access.retired_filter(scope, Action.COLLECTION_MANAGE)
    with scope.transaction():
        is_theirs = models.Resource.objects.filter(theirs, kind=KIND).exists()
    if not is_theirs:
        raise access.unseen(Action.COLLECTION_MANAGE, KIND, collection, GONE)


def _locked(collection: uuid.UUID) -> Collection:
    # Without the key: rows that point at it may be written meanwhile by whoever holds a lock that is waited for here.
    row = _binned().select_for_update(no_key=True).filter(pk=collection).first()
    if row is None:
        raise access.unseen(Action.COLLECTION_MANAGE, KIND, collection, GONE)
    return row


def _over(system: Scope) -> datetime:
    """The time is over of what was deleted by then."""
    return timezone.now() - timedelta(days=tenants.current(system).bin_days)


def _until(row: Collection, days: int) -> datetime:
    """When its time is over."""
    return (row.deleted_at or timezone.now()) + timedelta(days=days)


def _record(scope: Scope, event: Event, row: Collection, facts: dict[str, object]) -> None:
    events.record(scope, event, resource=(KIND, row.pk), facts=facts, payload={"name": row.name})
