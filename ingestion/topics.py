"""What the documents that one may read speak of: their headings, for whoever does not know yet what to ask."""

from __future__ import annotations

from governance import access
from governance.actions import Action
from governance.scope import Scope
from ingestion.models import Chunk, Document

DOCUMENTS = 40  # the newest; of each the first headings alone
CHUNKS = 12
LONGEST = 60  # characters; a longer heading is a sentence
SHORTEST = 4


def headings(scope: Scope, most: int) -> list[str]:
    """Of the newest documents that are ready: one a document first, a second only where there are too few documents."""
    may = access.access_filter(scope, Action.COLLECTION_READ, "collection")
    with scope.transaction():
        ready = Document.objects.filter(may, collection__deleted_at=None, current__isnull=False)
        versions = list(ready.order_by("-current__created_at").values_list("current_id", flat=True)[:DOCUMENTS])
        chunks = Chunk.objects.filter(tenant_id=scope.tenant, version_id__in=versions, ordinal__lt=CHUNKS)
        rows = list(chunks.order_by("ordinal").values_list("version_id", "heading_path"))
    of = {
        version: [str(path[-1]).strip() for one, path in rows if one == version and len(path) > 1]
        for version in versions
    }
    usable = {
        version: [name for name in dict.fromkeys(names) if SHORTEST <= len(name) <= LONGEST]
        for version, names in of.items()
    }
    rounds = [names[turn] for turn in range(most) for names in usable.values() if len(names) > turn]
    return list(dict.fromkeys(rounds))[:most]
