"""What the documents that one may read speak of: their headings, for whoever does not know yet what to ask."""

from __future__ import annotations

import functools
import operator
import uuid
from collections.abc import Sequence

from django.db.models import Q

from governance import access
from governance.actions import Action
from governance.scope import Scope
from ingestion.models import Chunk, Document

DOCUMENTS = 40  # the newest; of each the first headings alone
CHUNKS = 12
LONGEST = 60  # characters; a longer heading is a sentence
SHORTEST = 4
NEAR = 12  # passages before and after one that is cited


def near(scope: Scope, chunks: Sequence[uuid.UUID], most: int) -> list[str]:
    """The headings that stand nearest to these passages in their documents, but for their own; of what one may read now."""
    may = access.access_filter(scope, Action.COLLECTION_READ, "collection")
    with scope.transaction():
        mine = Chunk.objects.filter(tenant_id=scope.tenant)
        cited = list(mine.filter(id__in=list(chunks)).values_list("version_id", "ordinal", "heading_path"))
        shown = Document.objects.filter(may, collection__deleted_at=None, current_id__in={one[0] for one in cited})
        versions = set(shown.values_list("current_id", flat=True))
        places = [(version, ordinal) for version, ordinal, _ in cited if version in versions]
        around = [
            Q(version_id=version, ordinal__range=(at - NEAR, at + NEAR), is_quarantined=False) for version, at in places
        ]
        wanted = functools.reduce(operator.or_, around, Q(pk__in=[]))
        rows = list(mine.filter(wanted).values_list("version_id", "ordinal", "heading_path"))
    own = {str(path[-1]).strip() for _, _, path in cited if path}
    by_distance = sorted(rows, key=lambda row: min(abs(row[1] - at) for version, at in places if version == row[0]))
    names = [str(path[-1]).strip() for _, _, path in by_distance if len(path) > 1]
    return [name for name in dict.fromkeys(names) if name not in own and SHORTEST <= len(name) <= LONGEST][:most]


def headings(scope: Scope, most: int) -> list[str]:
    """Of the newest documents that are ready: one a document first, a second only where there are too few documents."""
    may = access.access_filter(scope, Action.COLLECTION_READ, "collection")
    with scope.transaction():
        # What is attached to a conversation is asked about there alone.
        shelves = Q(collection__deleted_at=None, collection__bound_to=None)
        ready = Document.objects.filter(may, shelves, current__isnull=False)
        versions = list(ready.order_by("-current__created_at").values_list("current_id", flat=True)[:DOCUMENTS])
        chunks = Chunk.objects.filter(tenant_id=scope.tenant, version_id__in=versions, ordinal__lt=CHUNKS)
        chunks = chunks.filter(is_quarantined=False)
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
