"""Items of a source that need a look: which failed and why, and what somebody has done about them."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from governance import access, pages
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict
from governance.pages import Page, Part
from governance.scope import Scope
from governance.sentence import phrase
from ingestion.models import ItemState, Source, SourceItem, SourceState
from ingestion.sources import registry
from ingestion.sources.runs import KIND, SYNC

GONE = phrase("There is no such item, or you may not see it.")
AGAIN = (ItemState.FAILED, ItemState.REFUSED, ItemState.CHANGED, ItemState.LEFT)


def troubled(scope: Scope, collection: uuid.UUID, source: uuid.UUID, number: int = 1) -> Page[SourceItem]:
    """By name, a page at a time. Raises NotFound, Forbidden."""
    registry.require(scope, collection)
    with scope.transaction():
        return pages.cut(_troubled(collection, source).order_by("state", "name", "pk"), number)


def onward(
    scope: Scope, collection: uuid.UUID, source: uuid.UUID, cursor: str, most: int
) -> tuple[Part[SourceItem], int]:
    """As `troubled`, from where the cursor ended; and how many there are in all. Raises NotFound, Forbidden, InvalidInput."""
    registry.require(scope, collection)
    with scope.transaction():
        rows = _troubled(collection, source)
        return pages.onward(rows, ("state", "name", "pk"), cursor, most), rows.count()


def _troubled(collection: uuid.UUID, source: uuid.UUID) -> QuerySet[SourceItem]:
    return SourceItem.objects.filter(source=registry.found(collection, source), state__in=registry.TROUBLED)


def again(scope: Scope, collection: uuid.UUID, source: uuid.UUID, item: uuid.UUID) -> None:
    """Bring it: what failed or was refused once more, what was deleted here by hand anew, and over what was changed by hand.

    Raises NotFound, Forbidden, Conflict.
    """
    with scope.transaction():
        whose, row = _found(scope, collection, source, item)
        if row.state not in AGAIN:
            raise Conflict("There is nothing to try again.")
        row.is_forced = row.state == ItemState.CHANGED
        if row.state == ItemState.LEFT:
            row.version = None
        row.state, row.attempts, row.retry_at, row.error, row.remedy = ItemState.DUE, 0, None, "", ""
        row.save()
        _decided(scope, whose, row, "again")


def keep(scope: Scope, collection: uuid.UUID, source: uuid.UUID, item: uuid.UUID) -> None:
    """Keep what was changed here by hand, until it changes at the source once more. Raises NotFound, Forbidden, Conflict."""
    with scope.transaction():
        whose, row = _found(scope, collection, source, item)
        if row.state != ItemState.CHANGED:
            raise Conflict("It was not changed by hand.")
        row.state, row.taken_mark, row.error, row.remedy = ItemState.HERE, row.mark, "", ""
        row.save()
        _decided(scope, whose, row, "keep")


def _found(scope: Scope, collection: uuid.UUID, source: uuid.UUID, item: uuid.UUID) -> tuple[Source, SourceItem]:
    """Both locked, the source first, as whoever is at work on it does."""
    registry.require(scope, collection)
    whose = registry.found(collection, source, lock=True)
    row = SourceItem.objects.select_for_update().filter(pk=item, source=whose).first()
    if row is None:
        raise access.unseen(Action.COLLECTION_MANAGE, KIND, item, GONE)
    return whose, row


def _decided(scope: Scope, whose: Source, row: SourceItem, what: str) -> None:
    if what == "again" and whose.state in {SourceState.ACTIVE, SourceState.PAUSED} and whose.run is None:
        whose.wanted, whose.wanted_by = SYNC, scope.actor
        whose.save(update_fields=["wanted", "wanted_by"])
    facts = {
        "collection": whose.collection_id,
        "kind": whose.kind,
        "what": [what],
        "item": row.pk,
        "document": row.document_id,
    }
    events.record(scope, Event.SOURCE_CHANGED, resource=(KIND, whose.pk), facts=facts, payload={"name": row.name})
