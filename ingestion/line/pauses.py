"""A collection's reading, held up and taken up again by whoever runs it.

What waits goes on waiting, in its place in the line; what is being read is read to its end. What readers see does not change.
"""

from __future__ import annotations

import uuid

from django.utils import timezone

from governance import access
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.scope import Scope
from governance.sentence import phrase
from ingestion import catalog, documents
from ingestion.models import Collection, Document, Status

PAUSED = phrase("Reading is paused in this collection. Whoever runs it can go on.")


def pause(scope: Scope, collection: uuid.UUID) -> Collection:
    """Nothing happens to one that is paused. Raises NotFound, Forbidden."""
    return _set(scope, collection, is_paused=True)


def end(scope: Scope, collection: uuid.UUID) -> Collection:
    """Raises NotFound, Forbidden."""
    return _set(scope, collection, is_paused=False)


def hold(row: Document) -> bool:
    """Whether this document waits because its collection is paused. The row comes with `latest` and `collection`."""
    waits = row.latest is not None and row.latest.status == Status.QUEUED
    return waits and row.collection.paused_at is not None


def _set(scope: Scope, collection: uuid.UUID, *, is_paused: bool) -> Collection:
    access.require(scope, Action.COLLECTION_MANAGE, collection)
    with scope.transaction():
        row = catalog.live(collection, locked=True)
        if (row.paused_at is not None) == is_paused:
            return row
        row.paused_at = timezone.now() if is_paused else None
        row.save(update_fields=["paused_at"])
        event = Event.COLLECTION_PAUSED if is_paused else Event.COLLECTION_RESUMED
        events.record(scope, event, resource=(catalog.KIND, collection), payload={"name": row.name})
        if not is_paused:
            documents.ring()
    return row
