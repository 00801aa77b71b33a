"""Documents put on the shelf without the pipeline: for tests of what reads them. Beside each, what a search needs."""

from __future__ import annotations

import uuid
from hashlib import sha256

from governance.scope import Scope
from inference import runners
from ingestion import stores
from ingestion.models import Chunk, Document, Index, Version
from ingestion.search import postings
from ingestion.stores.base import Entry
from tests.cast import House


def document(system: Scope, collection: uuid.UUID, texts: list[str], *, is_current: bool = True) -> Version:
    """A document with one chunk for each text. Without vectors and postings."""
    with system.transaction():
        row = Document.objects.create(tenant_id=system.tenant, collection_id=collection, name=f"{uuid.uuid4().hex}.txt")
        return version(system, row, texts, is_current=is_current)


def version(system: Scope, row: Document, texts: list[str], *, is_current: bool = True, number: int = 1) -> Version:
    with system.transaction():
        made = Version.objects.create(
            tenant_id=system.tenant,
            collection_id=row.collection_id,
            document=row,
            number=number,
            media_type="text/plain",
            size=1,
            sha256="0" * 64,
            path="nowhere",
            status="ready",
            chunks=len(texts),
        )
        if is_current:
            Document.objects.filter(pk=row.pk).update(current=made, latest=made)
        Chunk.objects.bulk_create(
            Chunk(
                id=uuid.uuid4(),
                tenant_id=system.tenant,
                collection_id=row.collection_id,
                document_id=row.pk,
                version_id=made.pk,
                ordinal=ordinal,
                text=text,
                context=text,
                content_hash=sha256(text.encode()).hexdigest(),
            )
            for ordinal, text in enumerate(texts)
        )
        return made


def index(system: Scope, made: Version) -> None:
    """Vectors and postings of a version's chunks, by the scripted embedder."""
    embedder = runners.embedder()
    with system.transaction():
        rows = list(Chunk.objects.filter(tenant_id=system.tenant, version_id=made.pk).order_by("ordinal"))
    vectors = embedder.embed([row.context for row in rows], "passage")
    entries = [Entry(row.id, row.collection_id, made.pk, vector) for row, vector in zip(rows, vectors, strict=True)]
    stores.store().upsert(system, embedder.name, entries)
    postings.write(system, postings.rows(postings.texts(rows)))


def indexed(system: Scope, collection: uuid.UUID, texts: list[str], *, is_current: bool = True) -> Version:
    made = document(system, collection, texts, is_current=is_current)
    index(system, made)
    return made


def index_beside(house: House, state: str = "ready") -> uuid.UUID:
    """The row of an index of another embedder than the live one; without a vector."""
    with house.system.transaction():
        row = Index.objects.filter(name="beside").exclude(state="retired").first() or Index(
            tenant_id=house.tenant, name="beside", dimensions=96, done=3, total=5
        )
        row.state = state
        row.save()
        return row.pk


def chunks(system: Scope, made: Version) -> list[uuid.UUID]:
    with system.transaction():
        rows = Chunk.objects.filter(tenant_id=system.tenant, version_id=made.pk).order_by("ordinal")
        return list(rows.values_list("id", flat=True))
