"""A source that is to go with its documents: they are deleted in turns, and then itself."""

from __future__ import annotations

import time
import uuid

from django.db import transaction

from governance.audit import events
from governance.audit.vocabulary import Event
from governance.scope import Scope
from ingestion.documents import removal
from ingestion.models import Discarded, Document, Source, SourceItem, SourceRun, SourceState
from ingestion.sources import credentials
from ingestion.sources.leases import Claim
from ingestion.sources.runs import KIND

AT_ONCE = 50


def go_on(claimed: Claim, until: float) -> bool:
    """Whether it is ending. Until that moment of time.monotonic()."""
    with claimed.scope.transaction():
        is_ending = Source.objects.filter(pk=claimed.pk, state=SourceState.ENDING).exists()
    while is_ending and time.monotonic() < until:
        with claimed.held() as source:
            rows = list(SourceItem.objects.filter(source=source, document__isnull=False)[:AT_ONCE])
            for row in rows:
                _delete(claimed.scope, source, row.document_id)
                row.delete()
        if not rows:
            with claimed.scope.transaction():
                forget(claimed.scope, source, documents="deleted")
            break
    return is_ending


def forget(scope: Scope, row: Source, *, documents: str) -> None:
    """Delete the source and what it knows, in the caller's transaction. `documents` says what became of those it brought."""
    facts = {"collection": row.collection_id, "kind": row.kind, "documents": documents}
    if row.archive:
        Discarded.objects.create(tenant_id=row.tenant_id, path=row.archive, collection=row.collection_id)
    SourceItem.objects.filter(source=row).delete()
    SourceRun.objects.filter(source=row).delete()
    Source.objects.filter(pk=row.pk).delete()
    events.record(scope, Event.SOURCE_DELETED, resource=(KIND, row.pk), facts=facts, payload={"name": row.name})
    transaction.on_commit(lambda: credentials.destroy(row), robust=True)


def _delete(scope: Scope, source: Source, document: uuid.UUID | None) -> None:
    if document is not None and Document.objects.filter(pk=document).exists():
        removal.delete(scope, document, {"source": source.pk})
