"""What there is of one collection, store by store: before it is erased, and after."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Sum

from governance.models import AccessRequest, Grant, Offer, SupportReach
from governance.scope import Scope
from ingestion.documents import binned
from ingestion.leaving import kept
from ingestion.models import (
    Chunk,
    Collection,
    Discarded,
    Document,
    Reader,
    Recognised,
    Source,
    SourceItem,
    SourceRun,
    Version,
)

# By every index that holds some: an index that is built beside, or kept for the way back, is a store of its own.
VECTORS = """
SELECT index_name, count(*) FROM embedding WHERE tenant_id = %(tenant)s AND collection_id = %(collection)s
GROUP BY index_name ORDER BY index_name
"""
LINE = ("document_id", "number", "sha256")
POSTINGS = "SELECT count(*) FROM posting WHERE tenant_id = %(tenant)s AND collection_id = %(collection)s"


def stores(system: Scope, collection: uuid.UUID) -> dict[str, int]:
    """How many of what, what lies in the bin counted too. `files` are those in storage, of `bytes` together."""
    where: dict[str, Any] = {"tenant": system.tenant, "collection": collection}
    with binned.opened(system):
        versions = Version.objects.filter(collection=collection)
        paths = [*versions.values_list("path", flat=True), *_others(collection)]
        with connection.cursor() as cursor:
            cursor.execute(VECTORS, where)
            vectors = {f"vectors of {name}": int(amount) for name, amount in cursor.fetchall()}
            cursor.execute(POSTINGS, where)
            (postings,) = cursor.fetchone()
        counted = {
            "collections": Collection.objects.filter(pk=collection).count(),
            "documents": Document.objects.filter(collection=collection).count(),
            "versions": versions.count(),
            "passages": Chunk.objects.filter(tenant_id=system.tenant, collection_id=collection).count(),
            "words of the index": int(postings),
            "recognised pages": Recognised.objects.filter(version__collection=collection).count(),
            "sources": Source.objects.filter(collection=collection).count(),
            "items of sources": SourceItem.objects.filter(collection=collection).count(),
            "runs of sources": SourceRun.objects.filter(collection=collection).count(),
            "named readers": Reader.objects.filter(collection=collection).count(),
            "grants": Grant.objects.filter(resource=collection).count(),
            "access offers": Offer.objects.filter(resource=collection).count(),
            "access requests": AccessRequest.objects.filter(resource=collection).count(),
            "openings for support": SupportReach.objects.filter(resource=collection).count(),
        }
        above = {name: rows(collection).count() for name, rows in kept.registered().items()}
        size = versions.aggregate(sum=Sum("size"))["sum"] or 0
    files = sum(default_storage.exists(path) for path in paths)
    return counted | above | vectors | {"files": files, "bytes": size}


def contents(system: Scope, collection: uuid.UUID) -> dict[str, Any]:
    """What the documents were, without saying it: the SHA-256 over a line for each version, in the order of the lines.

    A line is `document number sha256`, as an export's `about/*.json` has them, so that whoever holds an export can tell
    that it was this which was erased. As in an export, what lay in the bin is not among them.
    """
    with system.transaction():
        rows = Version.objects.filter(collection=collection, document__deleted_at=None)
        lines = sorted(f"{document} {number} {sha256}\n" for document, number, sha256 in rows.values_list(*LINE))
    return {"versions": len(lines), "sha256": hashlib.sha256("".join(lines).encode()).hexdigest()}


def _others(collection: uuid.UUID) -> list[str]:
    """Files beside the versions': archives that sources keep, and what waits to be removed."""
    archives = Source.objects.filter(collection=collection).exclude(archive="").values_list("archive", flat=True)
    return [*archives, *Discarded.objects.filter(collection=collection).values_list("path", flat=True)]
