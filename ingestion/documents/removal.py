"""How a document goes: into the bin, or for good; then its rows in one transaction and its files after the commit."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain

from django.db import transaction

from governance import access, tenants
from governance.actions import Action
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import NotFound
from governance.scope import Scope
from ingestion import documents
from ingestion.documents import binned, files, going
from ingestion.models import Discarded, Document, Version

Facts = dict[str, object]
log = logging.getLogger(__name__)


def delete(scope: Scope, document: uuid.UUID, facts: Facts | None = None) -> bool:
    """Into the bin with all that came within it, out of everybody's sight at commit; where the tenant keeps no bin, for good.

    Whether it can come back. `facts` say more on the record. Raises NotFound, Forbidden.
    """
    row = documents.get(scope, document)
    access.require(scope, Action.DOCUMENT_WRITE, row.collection_id)
    days = tenants.current(scope).bin_days
    with binned.opened(scope):
        locked = Document.objects.select_for_update().filter(pk=document, deleted_at=None).first()
        if locked is None:
            raise NotFound(documents.GONE)  # by another request, a moment ago
        told: Facts = {"days": days, **(facts or {})}
        if days:
            binned.put(scope, locked, told)
        else:
            erase(scope, [locked])
            recorded(scope, locked, facts=told)
    return bool(days)


def erase(scope: Scope, rows: Sequence[Document], event: Event = Event.DOCUMENT_DELETED) -> None:
    """Take the documents out, which lie in one collection and not within each other, and what came within them, in the caller's
    transaction; of the latter each is recorded, as `event`. Their versions, chunks, vectors and postings cascade; what else
    speaks of them is told before: see `going`.
    """
    levels = [list(rows), *within(*rows)]
    keys = [one.pk for level in levels for one in level]
    # Before `going`, which locks what others want who hold one of these: all of them, whoever else deletes a part by itself.
    list(Document.objects.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk"))
    going.tell(keys)
    for level in reversed(levels):
        keys = [one.pk for one in level]
        paths = Version.objects.select_for_update().filter(document__in=keys).values_list("path", flat=True)
        discarded = Discarded.objects.bulk_create(
            Discarded(tenant_id=scope.tenant, path=path, collection=rows[0].collection_id) for path in paths
        )
        Document.objects.filter(pk__in=keys).delete()
        gone = [one.pk for one in discarded]
        transaction.on_commit(partial(clear, scope.as_system(), gone), robust=True)
    for part in chain.from_iterable(levels[1:]):
        recorded(scope, part, event, taken_by="document")


def recorded(
    scope: Scope,
    row: Document,
    event: Event = Event.DOCUMENT_DELETED,
    *,
    taken_by: str = "",
    facts: Facts | None = None,
) -> None:
    """What became of a document: `taken_by` is what it went with."""
    more: Facts = {"with": taken_by} if taken_by else {}
    events.record(
        scope,
        event,
        resource=(documents.KIND, row.pk),
        facts={"collection": row.collection_id, **more, **(facts or {})},
        payload={"name": row.name},
    )


def within(*rows: Document) -> Iterator[list[Document]]:
    """What came within them, one depth after another; in an open bin what lies there too."""
    level = list(rows)
    while level := list(Document.objects.filter(parent__in=[one.pk for one in level])):
        yield level


def clear(system: Scope, discarded: list[uuid.UUID] | None = None) -> int:
    """Remove discarded files, all or these. A file that cannot be removed now stays on the list for the next purge."""
    with system.transaction():
        rows = Discarded.objects.all() if discarded is None else Discarded.objects.filter(pk__in=discarded)
        due = list(rows.values_list("pk", "path"))
    removed = []
    for key, path in due:
        try:
            files.remove(path)
            removed.append(key)
        except OSError:
            log.warning("a discarded file cannot be removed yet", exc_info=True)
    with system.transaction():
        Discarded.objects.filter(pk__in=removed).delete()
    return len(removed)
