"""Vectors and postings of the chunks that are there, so that they can be found."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence

from django.utils import timezone

from governance.errors import ChanceryError, Unavailable
from governance.scope import Scope
from governance.sentence import phrase
from inference import runners
from inference.runners.base import EmbeddingRunner
from ingestion import stores
from ingestion.documents import labelled
from ingestion.line import batches
from ingestion.line.leases import Claim
from ingestion.models import Chunk, Classification, Document, Version
from ingestion.parsers.base import ParseFailed
from ingestion.pipeline import ending, marks
from ingestion.search import postings
from ingestion.stores.base import Entry

STORED_AT_ONCE = 32  # chunks; what a worker that dies does again
log = logging.getLogger(__name__)
_OUTSIDE = phrase(
    "The collection or the label keeps this in the house, and the model that would make its text searchable stands outside."
)
_REMEDY_OUTSIDE = phrase(
    "Use an embedding model on a machine of the house, then try again; or change what keeps it in."
)


def require_house(claimed: Claim, written: Sequence[str]) -> None:
    """What is restricted is not turned into vectors by a machine outside either."""
    if all(_is_in_house(name) for name in written):
        return
    with claimed.scope.transaction():
        rows = Version.objects.values_list("collection__classification", "document")
        classification, document = rows.get(pk=claimed.pk)
        carried = labelled.marks(claimed.scope, [document])
    if classification == Classification.RESTRICTED or any(one.stays_home for one in carried.values()):
        raise ParseFailed("outside", _OUTSIDE, _REMEDY_OUTSIDE)


def _is_in_house(name: str) -> bool:
    try:
        return runners.embedder(name).is_in_house
    except Unavailable:
        return True  # it is not set up here any more: nothing is sent to it


def embed(claimed: Claim, written: Sequence[str]) -> None:
    """Into the live index, and into one that is being built or kept beside it: that one is no reason to fail.

    A passage that reads as it did in what readers see now keeps its vectors.
    """
    live, *beside = written
    _embed(claimed, live)
    for name in beside:
        try:
            _embed(claimed, name, "for another search index")
        except ChanceryError as fault:
            log.warning("version %s is not in index %s yet: %s", claimed.pk, name, fault.message)


def _embed(claimed: Claim, name: str, beside: str = "") -> None:
    """Each stretch is stored in the transaction that takes up the next. `beside` says what else than the live index it is for."""
    embedder, store = runners.embedder(name), stores.store()
    with claimed.held() as row:
        unchanged = _carry_over(claimed.scope, row, name)
        missing = store.missing(claimed.scope, name, claimed.pk)
        if missing or not beside:
            _begin(row, len(missing), unchanged, beside)
        stretch = _stored(claimed.scope, missing[:STORED_AT_ONCE])
    while stretch:
        made = entries(embedder, stretch)
        with claimed.held() as row:
            store.upsert(claimed.scope, name, made)
            row.done += len(made)
            missing = missing[STORED_AT_ONCE:]
            stretch = _stored(claimed.scope, missing[:STORED_AT_ONCE])


def _begin(row: Version, missing: int, unchanged: int, beside: str) -> None:
    already = row.chunks - missing
    kept = already - unchanged
    note = beside or (f"{kept} of {row.chunks} were done before" if kept else "")
    marks.put(row, "embed", row.chunks, already, note)
    if unchanged and not beside:
        row.tell(unchanged=unchanged, chunks=row.chunks)


def _carry_over(scope: Scope, row: Version, name: str) -> int:
    """From what readers see now; for how many."""
    before = Document.objects.filter(pk=row.document_id).values_list("current_id", flat=True).first()
    if before is None or before == row.pk:
        return 0
    return stores.store().carry_over(scope, name, before, row.pk)


def stored(scope: Scope, chunks: Sequence[uuid.UUID]) -> list[Chunk]:
    with scope.transaction():
        return _stored(scope, chunks)


def _stored(scope: Scope, chunks: Sequence[uuid.UUID]) -> list[Chunk]:
    return list(Chunk.objects.filter(tenant_id=scope.tenant, id__in=chunks)) if chunks else []


def entries(embedder: EmbeddingRunner, chunks: Sequence[Chunk], *, can_wait: bool = False) -> list[Entry]:
    """Not within a transaction: a model at work must not hold a connection. What reads the same is embedded once."""
    texts = list(dict.fromkeys(one.context for one in chunks))
    vectors = dict(zip(texts, batches.embed(embedder, texts, can_wait=can_wait), strict=True))
    return [Entry(one.id, one.collection_id, one.version_id, vectors[one.context]) for one in chunks]


def index(claimed: Claim) -> None:
    with claimed.held() as row:
        marks.put(row, "index", row.chunks)
        chunks = Chunk.objects.filter(tenant_id=row.tenant_id, version_id=row.pk)
        postings.write(claimed.scope, postings.rows(postings.texts(chunks)))
        row.done = row.chunks


def goes_at_once(row: Version, chunks: int, written: Sequence[str]) -> bool:
    """A short document does, unless vectors of it may be there already, or it goes into several indexes."""
    return chunks <= STORED_AT_ONCE and len(written) == 1 and row.number == 1


def index_at_once(claimed: Claim, name: str, chunks: Sequence[Chunk]) -> bool:
    """Vectors, postings and flip of passages that have just been stored, in one transaction. False as `ending.flip`."""
    vectors = entries(runners.embedder(name), chunks)
    began, words = timezone.now().isoformat(), postings.rows(postings.texts(chunks))
    with claimed.held() as row:
        stores.store().upsert(claimed.scope, name, vectors)
        marks.put(row, "index", row.chunks, at=began)
        postings.write(claimed.scope, words)
        row.done = row.chunks
        return ending.flipped(claimed, row, held=name)
