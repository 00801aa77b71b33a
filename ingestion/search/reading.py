"""Passages: chunks that a person was allowed to see, as row-level security reads them."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Case, DateTimeField, OuterRef, Subquery, When
from django.db.models.functions import Coalesce

from governance import access
from governance.actions import Action
from governance.scope import Scope
from ingestion.documents import labelled
from ingestion.documents.labelled import Mark
from ingestion.models import Authority, Chunk, Classification, Document, Strictness, Version

_TOLD = ("name", "collection__classification", "collection__strictness", "authority", "collection__half_life_days")
# From when a document's text counts. Looked up for those alone whose collection lets it age: nobody else pays for it.
_DATED = Case(
    When(
        collection__half_life_days__gt=0,
        then=Subquery(
            Version.objects.filter(tenant=OuterRef("tenant_id"), pk=OuterRef("current_id")).values_list(
                Coalesce("dated", "created_at")
            )[:1]
        ),
    ),
    output_field=DateTimeField(null=True),
)


@dataclass(frozen=True)
class Passage:
    """`score` orders one result; `dense` (cosine) and `coverage` (share of the question's rare terms) compare across.

    `lexical` is BM25; `parts` add up to the score. `locator` says where in the document: page or heading. A quarantined one
    is not for a model: its document gave orders there as it came in. `dated` is from when its text counts, where its collection
    lets it age.
    """

    chunk_id: uuid.UUID
    document_id: uuid.UUID
    document_name: str
    collection_id: uuid.UUID
    version_id: uuid.UUID
    ordinal: int
    text: str
    heading_path: tuple[str, ...]
    locator: Mapping[str, Any]
    content_hash: str
    is_quarantined: bool = False
    classification: str = (
        Classification.INTERNAL
    )  # as its label leaves it: one may keep it in a house whose collection may go
    label: Mark | None = None
    strictness: str = Strictness.BALANCED
    authority: str = Authority.ORDINARY
    half_life_days: int = 0
    dated: datetime | None = None
    score: float = 0.0
    dense: float = 0.0
    lexical: float = 0.0
    coverage: float = 0.0
    parts: Mapping[str, float] = field(default_factory=dict)

    def as_facts(self, rank: int) -> dict[str, Any]:
        """What the record keeps of it in clear; the distance is 1 less the cosine, as the index counts it."""
        return {
            "rank": rank,
            "chunk": str(self.chunk_id),
            "document": str(self.document_id),
            "collection": str(self.collection_id),
            "sha256": self.content_hash,
            "score": self.score,
            "distance": round(1 - self.dense, 4),
        } | ({"label": self.label.rank} if self.label else {})

    @property
    def is_as_stored(self) -> bool:
        """Whether it holds the text that it was stored with: what policy cuts out of it moves every place behind."""
        return hashlib.sha256(self.text.encode()).hexdigest() == self.content_hash

    @property
    def above(self) -> str:
        """What stands over it: its document's name, in words, and its headings. A year often stands there alone."""
        return "\n".join((re.sub(r"[-_.]+", " ", self.document_name), *self.heading_path))

    @property
    def whole(self) -> str:
        return f"{self.above}\n{self.text}"


def read(scope: Scope, chunks: Sequence[uuid.UUID]) -> dict[uuid.UUID, Passage]:
    """Those of the chunks that this scope may read and that are of a current version. Row-level security asks again."""
    rows = list(Chunk.objects.filter(tenant_id=scope.tenant, id__in=chunks))
    may = access.access_filter(scope, Action.COLLECTION_READ, "collection")
    shown = Document.objects.filter(may, pk__in={row.document_id for row in rows}, collection__deleted_at=None)
    told = shown.values_list("pk", "current_id", *_TOLD, _DATED)
    of = {(pk, current): kept for pk, current, *kept in told}
    carried = labelled.marks(scope, {pk for pk, _ in of})
    return {
        row.id: Passage(
            chunk_id=row.id,
            document_id=row.document_id,
            document_name=of[row.document_id, row.version_id][0],
            collection_id=row.collection_id,
            version_id=row.version_id,
            ordinal=row.ordinal,
            text=row.text,
            heading_path=tuple(row.heading_path),
            locator=row.locator,
            content_hash=row.content_hash,
            is_quarantined=row.is_quarantined,
            classification=_kept(of[row.document_id, row.version_id][1], carried.get(row.document_id)),
            label=carried.get(row.document_id),
            strictness=of[row.document_id, row.version_id][2],
            authority=of[row.document_id, row.version_id][3],
            half_life_days=of[row.document_id, row.version_id][4],
            dated=of[row.document_id, row.version_id][5],
        )
        for row in rows
        if (row.document_id, row.version_id) in of
    }


def _kept(classification: str, mark: Mark | None) -> str:
    return Classification.RESTRICTED if mark is not None and mark.stays_home else classification
