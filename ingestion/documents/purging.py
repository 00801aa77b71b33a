"""What was deleted goes for good; and the proof that nothing of it is left."""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from governance import access, tenants
from governance.actions import Action
from governance.audit.vocabulary import Event
from governance.scope import Scope
from ingestion.documents import binned, removal
from ingestion.leaving import deleted
from ingestion.models import Discarded, Document, Source, Version

log = logging.getLogger(__name__)

AT_ONCE = 200
STRAY = timedelta(days=1)  # an upload may still be on its way to its row for as long

# What belongs to no document that readers see or saw before it came into the bin, and to no version that is still on its way,
# that failed at a later stage and can go on there, or that the policy keeps back.
ORPHANS = """
WITH kept AS (
    SELECT v.id FROM version v JOIN document d ON d.id = v.document_id AND d.tenant_id = v.tenant_id
    WHERE v.tenant_id = %(tenant)s AND (d.current_id = v.id OR v.status IN ('queued', 'processing', 'failed', 'quarantined'))
), whole AS (
    SELECT c.id FROM chunk c JOIN kept ON kept.id = c.version_id WHERE c.tenant_id = %(tenant)s
)
SELECT (SELECT count(*) FROM chunk c WHERE c.tenant_id = %(tenant)s AND c.id NOT IN (SELECT id FROM whole)),
       (SELECT count(*) FROM embedding e WHERE e.tenant_id = %(tenant)s AND e.chunk_id NOT IN (SELECT id FROM whole)),
       (SELECT count(*) FROM posting p WHERE p.tenant_id = %(tenant)s AND p.chunk_id NOT IN (SELECT id FROM whole))
"""


@dataclass(frozen=True)
class Orphans:
    """How many are left of what should be gone. `files` have no version; `discarded` wait for the next purge, and so do
    `overdue` documents and collections, whose time in the bin is over.
    """

    chunks: int
    vectors: int
    postings: int
    files: int
    discarded: int
    overdue: int = 0

    @property
    def total(self) -> int:
        return sum(asdict(self).values())


def purge() -> int:
    """Erase what was in the bin for its time, then every discarded file. Returns how many documents.

    Collections that were deleted go by ingestion.leaving.erasing.
    """
    return everywhere(_purge, due())


def due() -> list[uuid.UUID]:
    """Tenants in which something deleted waits: a file, a document whose time is over, a collection in the bin."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chancery.due_purges()")
        return [tenant for (tenant,) in cursor.fetchall()]


def everywhere(step: Callable[[Scope], int], among: Sequence[uuid.UUID] | None = None) -> int:
    """In every tenant, or in these, added up. What goes wrong in one of them is logged, and holds up no other."""
    done = 0
    for tenant in tenants.every() if among is None else among:
        try:
            done += step(Scope.system(tenant))
        except Exception:
            log.exception("tenant %s: what was deleted is not gone yet", tenant)
    return done


def purge_one(scope: Scope, document: uuid.UUID) -> uuid.UUID:
    """Out of the bin for good, before its time is over; the collection it was in. For whoever runs that.

    Raises NotFound, Forbidden.
    """
    with binned.opened(scope):
        row = binned.get(scope, document)
    access.require(scope, Action.COLLECTION_MANAGE, row.collection_id)
    with binned.opened(scope):
        row = binned.get(scope, document, is_locked=True)
        removal.erase(scope, [row], Event.DOCUMENT_PURGED)
        removal.recorded(scope, row, Event.DOCUMENT_PURGED)
    return row.collection_id


def remove_strays() -> int:
    """Remove files that no row has named for a day: a process died between keeping an upload and its row."""
    return everywhere(_remove_strays)


def verify_index(scope: Scope) -> Orphans:
    """Count what a deletion should have taken along, in the scope's tenant. It reads as background work does."""
    system = scope.as_system()
    with binned.opened(system):
        with connection.cursor() as cursor:
            cursor.execute(ORPHANS, {"tenant": system.tenant})
            chunks, vectors, postings = cursor.fetchone()
        discarded, overdue = Discarded.objects.count(), len(binned.due(system, AT_ONCE)) + deleted.overdue(system)
    return Orphans(chunks, vectors, postings, len(_unknown(system)), discarded, overdue)


def _purge(system: Scope) -> int:
    with binned.opened(system):
        due = binned.due(system, AT_ONCE)
    for document in due:
        _erase(system, document)
    removal.clear(system)
    return len(due)


def _remove_strays(system: Scope) -> int:
    removed = 0
    for path in _unknown(system):
        with contextlib.suppress(FileNotFoundError):  # somebody else was faster
            if timezone.now() - default_storage.get_modified_time(path) > STRAY:
                default_storage.delete(path)
                removed += 1
    return removed


def _erase(system: Scope, document: uuid.UUID) -> None:
    with binned.opened(system):
        row = Document.objects.select_for_update().filter(pk=document, deleted_at__isnull=False).first()
        if row is not None:  # neither restored nor erased by somebody else, a moment ago
            removal.erase(system, [row], Event.DOCUMENT_PURGED)
            removal.recorded(system, row, Event.DOCUMENT_PURGED)


def _unknown(system: Scope) -> set[str]:
    """Files that no row names. They are listed first: a row that comes meanwhile is then seen with its file."""
    found = _files(system.tenant)
    with system.transaction():
        named = (
            Version.objects.values_list("path"),
            Discarded.objects.values_list("path"),
            Source.objects.values_list("archive"),
        )
        known = {path for rows in named for (path,) in rows}
    return found - known


def _files(tenant: uuid.UUID) -> set[str]:
    try:
        _, names = default_storage.listdir(tenant.hex)
    except FileNotFoundError:
        return set()
    return {f"{tenant.hex}/{name}" for name in names}
