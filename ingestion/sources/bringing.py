"""What is due is read and becomes a document; what is gone at the place goes here. One item a transaction, the document's own."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from governance.errors import ChanceryError, Conflict, NotFound
from governance.leases import LeaseLostError
from governance.sentence import phrase
from ingestion.connectors.base import Connector, ConnectorFault, Item, ItemDown, ItemRefused, SourceRefuses
from ingestion.documents import removal, uploads
from ingestion.documents.uploads import Origin
from ingestion.models import Document, ItemState, SourceItem, Version
from ingestion.sources import runs
from ingestion.sources.runs import Run

AT_ONCE = 50
PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=24)
CHANGED_HERE = phrase("It was changed here by hand, and at the source too.")
TAKE_IT = phrase("Take the one of the source, or keep the one that is here.")
LEFT_OUT = phrase("It was deleted here by hand, and is not brought again.")
BRING_IT = phrase("Bring it again, if it is wanted after all.")
KEPT_HERE = phrase("It is gone at the source, and kept because it was changed here by hand.")
DELETE_IT = phrase("Delete the document, if it is not needed.")


def bring(run: Run, place: Connector, until: float) -> bool:
    """Go on until that moment of time.monotonic(); whether all is done. Raises SourceDown, SourceRefuses, LeaseLostError."""
    now = timezone.now()
    waiting = Q(state__in=[ItemState.DUE, ItemState.GOING]) | Q(state=ItemState.FAILED, retry_at__lte=now)
    while time.monotonic() < until:
        with run.claimed.scope.transaction():
            rows = list(
                SourceItem.objects.filter(waiting, source=run.claimed.pk).order_by("created_at", "pk")[:AT_ONCE]
            )
        if not rows:
            return True
        for row in rows:
            if row.state == ItemState.GOING:
                _let_go(run, row)
            else:
                _take(run, place, row)
            if time.monotonic() >= until:
                break
    return False


def _take(run: Run, place: Connector, row: SourceItem) -> None:
    with run.claimed.held() as source:
        is_stopped = _is_by_hand(row)
        collection = source.collection_id
        if is_stopped:
            return
    connection.close()
    try:
        with place.read(Item(row.key, row.name, row.mark, row.size, row.place, row.folder)) as file:
            uploads.upload(run.claimed.scope, collection, row.name, file, _origin(run, row))
    except ItemRefused as fault:
        _turn_down(run, row, fault, ItemState.REFUSED)
    except ItemDown as fault:
        _turn_down(run, row, fault, ItemState.FAILED)
    except Conflict as full:  # the organisation holds as many documents as it may: the others wait
        raise SourceRefuses(full.message, phrase("Delete documents, or ask for a higher limit.")) from full
    except NotFound as gone:
        raise LeaseLostError from gone  # the collection was deleted
    except ChanceryError as refusal:
        _turn_down(run, row, ItemRefused(refusal.message), ItemState.REFUSED)


def _origin(run: Run, row: SourceItem) -> Origin:
    def taken(document: Document) -> None:
        with run.claimed.held():
            if not row.is_forced and row.version and row.document_id and _by_hand(document, row):
                raise ItemDown(CHANGED_HERE, TAKE_IT)  # while it was read: told as such the next time
            row.document, row.taken_mark, row.state = document, row.mark, ItemState.HERE
            row.version, row.is_forced, row.attempts, row.retry_at = document.latest_id, False, 0, None
            row.error = row.remedy = ""
            row.save()
            runs.count(run, brought=1)

    return Origin(taken, row.document_id, row.folder, {"source": run.claimed.pk})


def _is_by_hand(row: SourceItem) -> bool:
    """Whether somebody's own hand comes before ours; it is noted then. In a transaction."""
    if row.is_forced or row.version is None:
        return False
    document = Document.objects.filter(pk=row.document_id).first() if row.document_id else None
    if document is None:
        row.state, row.error, row.remedy = ItemState.LEFT, LEFT_OUT, BRING_IT
    elif document.latest_id != row.version:
        row.state, row.error, row.remedy = ItemState.CHANGED, CHANGED_HERE, TAKE_IT
    else:
        return False
    row.save()
    return True


def _by_hand(document: Document, row: SourceItem) -> bool:
    """Is there a version between ours and the one before it that was brought?"""
    versions = Version.objects.filter(document=document).order_by("-number").values_list("pk", flat=True)[:2]
    return row.version not in set(versions)


def _turn_down(run: Run, row: SourceItem, fault: ConnectorFault, state: ItemState) -> None:
    with run.claimed.held():
        row.state, row.error, row.remedy = state, fault.message[:500], fault.remedy[:500]
        if state == ItemState.FAILED:
            row.attempts += 1
            row.retry_at = timezone.now() + min(PAUSE * 2 ** min(row.attempts - 1, 10), LONGEST_PAUSE)
        row.save()
        runs.count(run, **{str(state): 1})


def _let_go(run: Run, row: SourceItem) -> None:
    """A document that was changed by hand stays, and says why."""
    with run.claimed.held() as source:
        document = Document.objects.filter(pk=row.document_id).first() if row.document_id else None
        if document is not None and document.latest_id != row.version:
            row.state, row.error, row.remedy = ItemState.KEPT, KEPT_HERE, DELETE_IT
            row.save()
            return
        row.delete()
        if document is not None:
            removal.delete(run.claimed.scope, document.pk, {"source": source.pk})
            runs.count(run, removed=1)
