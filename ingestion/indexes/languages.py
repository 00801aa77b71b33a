"""In which languages a collection is written that the embedding model of the live index was not trained on."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass

from governance.scope import Scope
from inference import runners
from ingestion import indexes
from ingestion.models import Chunk
from ingestion.search import languages

SAMPLED = 64  # documents
FEW = 0.2  # so many of them are no matter


@dataclass(frozen=True)
class Unread:
    """`languages` are ISO 639, the most frequent first; `share` is that of the documents looked at, more than `FEW`."""

    embedder: str
    languages: tuple[str, ...]
    share: float


def unread(scope: Scope, collection: uuid.UUID) -> Unread | None:
    """By how some of the documents begin that the caller may read in it; None where the model is at home in nearly all."""
    choosy = {one.name: one for one in runners.embedders() if one.languages}
    embedder = choosy.get(indexes.live(scope)) if choosy else None
    if embedder is None:
        return None
    with scope.transaction():
        first = Chunk.objects.filter(tenant_id=scope.tenant, collection_id=collection, ordinal=0)
        begun = list(first.values_list("text", flat=True)[:SAMPLED])
    spoken = Counter(languages.written_in(text) for text in begun)
    foreign = Counter({code: count for code, count in spoken.items() if code not in embedder.languages})
    share = foreign.total() / max(len(begun), 1)
    return Unread(embedder.name, tuple(code for code, _ in foreign.most_common()), share) if share > FEW else None
