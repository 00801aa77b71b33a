"""A PDF on the shelf as reading it would leave it: its file, its passage and where that stands on its page."""

from __future__ import annotations

import uuid
from hashlib import sha256

from ingestion.models import Chunk, Document, Version
from tests.cast import House
from tests.ingestion import bells, papers

TEXT = "Trains are booked in second class, and hotels up to 140 euros a night."


def paper(house: House, collection: uuid.UUID) -> tuple[uuid.UUID, uuid.UUID]:
    """(document, passage): the passage is the one line of the first page; the second page is blank."""
    row = bells.upload(house, collection, papers.drawn_pdf([[(72.0, 700.0, TEXT)], []]), "travel rules.pdf")
    latest = bells.latest(row)
    chunk = uuid.uuid4()
    with house.system.transaction():
        Version.objects.filter(pk=latest).update(status="ready", pages=2, chunks=1)
        Document.objects.filter(pk=row.pk).update(current=latest)
        Chunk.objects.create(
            id=chunk,
            tenant_id=house.tenant,
            collection_id=collection,
            document_id=row.pk,
            version_id=latest,
            ordinal=0,
            text=TEXT,
            context=TEXT,
            content_hash=sha256(TEXT.encode()).hexdigest(),
            locator={"page": 1, "heading": None, "start": 0, "end": len(TEXT), "boxes": [[0.12, 0.155, 0.75, 0.175]]},
        )
    return row.pk, chunk
