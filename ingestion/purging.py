"""What was deleted goes for good; and the proof that nothing of it is left."""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from governance import tenants
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.scope import Scope
from ingestion import documents
from ingestion.models import Discarded, Document, Version

AT_ONCE = 200
STRAY = timedelta(days=1)  # an upload may still be on its way to its row for as long

# What belongs to no document that readers see, and to no version that is still on its way.
ORPHANS = """
WITH kept AS (
    SELECT v.id FROM version v JOIN document d ON d.id = v.document_id AND d.tenant_id = v.tenant_id
    WHERE v.tenant_id = %(tenant)s AND (d.current_id = v.id OR v.status IN ('queued', 'processing'))
), whole AS (
    SELECT c.id FROM chunk c JOIN kept ON kept.id = c.version_id WHERE c.tenant_id = %(tenant)s
)
SELECT (SELECT count(*) FROM chunk c WHERE c.tenant_id = %(tenant)s AND c.id NOT IN (SELECT id FROM whole)),
       (SELECT count(*) FROM embedding e WHERE e.tenant_id = %(tenant)s AND e.chunk_id NOT IN (SELECT id FROM whole)),
       (SELECT count(*) FROM posting p WHERE p.tenant_id = %(tenant)s AND p.chunk_id NOT IN (SELECT id FROM whole))
"""


@dataclass(frozen=True)
class Orphans:
    """How many are left of what should be gone. `files` have no version; `discarded` wait for the next purge."""

    chunks: int
    vectors: int
    postings: int
    files: int
    discarded: int

    @property
    def total(self) -> int:
        return sum(asdict(self).values())


def purge() -> int:
    """Erase the documents of deleted collections, then every discarded file. Returns how many documents."""
    return sum(_purge(Scope.system(tenant)) for tenant in tenants.every())


def remove_strays() -> int:
    """Remove files that no row has named for a day: a process died between keeping an upload and its row."""
    return sum(_remove_strays(Scope.system(tenant)) for tenant in tenants.every())


def verify_index(scope: Scope) -> Orphans:
    """Count what a deletion should have taken along, in the scope's tenant. It reads as background work does."""
    system = scope.as_system()
    with system.transaction():
        with connection.cursor() as cursor:
            cursor.execute(ORPHANS, {"tenant": system.tenant})
            chunks, vectors, postings = cursor.fetchone()
        discarded = Discarded.objects.count()
    return Orphans(chunks, vectors, postings, len(_unknown(system)), discarded)


def _purge(system: Scope) -> int:
    with system.transaction():
        left = Document.objects.filter(collection__deleted_at__isnull=False).order_by("created_at")
        due = list(left.values_list("pk", flat=True)[:AT_ONCE])
    for document in due:
        _erase(system, document)
    documents.clear(system)
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
    with system.transaction():
        row = Document.objects.filter(pk=document).first()
        if row is None:
            return
        documents.erase(system, row)
        events.record(
            system,
            Event.DOCUMENT_DELETED,
            resource=(documents.KIND, document),
            facts={"collection": row.collection_id, "with": "collection"},
            payload={"name": row.name},
        )


def _unknown(system: Scope) -> set[str]:
    """Files that no row names. They are listed first: a row that comes meanwhile is then seen with its file."""
    found = _files(system.tenant)
    with system.transaction():
        known = set(Version.objects.values_list("path", flat=True)) | set(
            Discarded.objects.values_list("path", flat=True)
        )
    return found - known


def _files(tenant: uuid.UUID) -> set[str]:
    try:
        _, names = default_storage.listdir(tenant.hex)
    except FileNotFoundError:
        return set()
    return {f"{tenant.hex}/{name}" for name in names}
