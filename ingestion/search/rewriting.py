"""Postings that another version of the analysis made, written again from the stored chunks while people search.

An upgrade that changes what is counted of a text would else compare a question's words with what is not their like. Until it is
done a receipt says how many passages are still counted the old way.
"""

from __future__ import annotations

import time
import uuid
from typing import Any

from django.db import IntegrityError, connection

from governance import tenants
from governance.scope import Scope
from ingestion.models import Chunk
from ingestion.search import analysis, postings
from ingestion.search.postings import EVERY

STRETCH_S = 5.0  # a worker has documents to read in between
# By collection, as the index of postings is.
STALE = """
SELECT DISTINCT p.version_id FROM collection c JOIN posting p ON p.tenant_id = %(tenant)s AND p.collection_id = c.id
WHERE c.tenant_id = %(tenant)s AND p.term = %(term)s AND p.tf <> %(version)s LIMIT %(most)s
"""


def stretch(tenant: uuid.UUID, seconds: float = STRETCH_S) -> bool:
    """Go on for a while; True where there is more to do. May be called twice, and by two at once."""
    until = time.monotonic() + seconds
    system = Scope.system(tenant)
    while versions := stale(system, 20):
        for version in versions:
            _write(system, version)
            if time.monotonic() >= until:
                return bool(stale(system, 1))
    return False


def every() -> list[uuid.UUID]:
    """Tenants in which there is something to write again."""
    return [tenant for tenant in tenants.every() if stale(Scope.system(tenant), 1)]


def stale(system: Scope, most: int) -> list[uuid.UUID]:
    """Versions of documents whose postings another version of the analysis made."""
    values: dict[str, Any] = {"tenant": system.tenant, "term": EVERY, "version": analysis.VERSION, "most": most}
    with system.transaction(), connection.cursor() as cursor:
        cursor.execute(STALE, values)
        return [row[0] for row in cursor.fetchall()]


def _write(system: Scope, version: uuid.UUID) -> None:
    """In one transaction: a reader finds it by the old postings or by the new."""
    try:
        with system.transaction():
            rows = list(Chunk.objects.filter(tenant_id=system.tenant, version_id=version).order_by("ordinal"))
            postings.delete(system, version)
            postings.write(system, postings.rows(postings.texts(rows)))
    except IntegrityError:
        return  # the version was removed meanwhile, and its postings with it
