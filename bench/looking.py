"""What search finds for a question, with every number that its order could be made of. Inside Django.

A row is JSON: the documents of the candidates in their order, the cosine and the share of BM25 of each, and its features.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bench import demo_database
from bench.faqs import subjects
from bench.faqs.material import Entry
from bench.faqs.subjects import Asked, Subject

if TYPE_CHECKING:
    from governance.scope import Scope

OF_TEXT = ("held", "above", "close", "phrase", "part", "figures", "first")  # the features that no fusion changes


def admin(slug: str) -> Scope:
    from bench import staff
    from governance import people, tenants
    from governance.scope import Scope

    found = tenants.find_for_login(slug)
    if found is None:
        return staff.made(slug, 1).admin
    ada = people.find_by_email(Scope.system(found.id), f"ada@{slug}.example")
    if ada is None:
        raise SystemExit(f"The tenant {slug} is there without its admin; remove var/bench and begin anew.")
    return people.scope_in(found.id, ada.pk)


def shelf(scope: Scope, name: str, entries: Sequence[Entry]) -> uuid.UUID:
    """The collection with every text in it, ready, its words counted by today's analysis. What is there is not read again."""
    from ingestion import catalog, documents, pipeline
    from ingestion.documents import uploads
    from ingestion.models import Status

    there = {row.name: row.pk for row in catalog.listed(scope)}
    made = there.get(name) or catalog.create(scope, name).pk
    held = {row.name for row in documents.listed(scope, made) if row.current_id}
    for entry in entries:
        if f"{entry.id}.md" in held:
            continue
        row = uploads.upload(scope, made, f"{entry.id}.md", io.BytesIO(subjects.text(entry).encode()))
        if row.latest_id and documents.get(scope, row.pk).current_id is None:
            pipeline.ingest(scope.tenant, row.latest_id)
    unread = [row.name for row in documents.listed(scope, made) if row.latest and row.latest.status != Status.READY]
    if unread:
        raise SystemExit(f"{name}: not ready: {', '.join(unread[:5])}")
    demo_database.recount(scope.tenant)
    return made


def row(scope: Scope, collection: uuid.UUID, subject: Subject, asked: Asked) -> dict[str, Any]:
    """Every candidate with its numbers, and in which order ours and the light reranker put them."""
    from ingestion import search
    from ingestion.search import features, ranking, reranking
    from ingestion.search.features import Told

    seen = search.survey(search.where(scope, [collection]), asked.question)
    found = seen.found
    passages = [seen.read[one] for one in found.chunks]  # an admin alone with them: none is gone meanwhile
    told = [Told(one.text, one.above, one.ordinal, one.document_id) for one in passages]
    nothing = [0.0] * len(told)
    made = features.of(seen.weights, nothing, nothing, nothing, told) if told else []
    reranked = ranking.ranked(seen.fused, found, seen.weights, seen.read, reranking.light())
    return {
        "set": subject.name,
        "language": subject.language,
        "id": asked.id,
        "fits": asked.is_for_fitting,
        "right": f"{asked.right}.md",
        "documents": [one.document_name for one in passages],
        "dense": [round(float(one), 4) for one in found.dense],
        "lexical": [round(seen.weights.of_most(float(one)), 5) for one in found.lexical],
        "features": [[round(getattr(one, name), 4) for name in OF_TEXT] for one in made],
        "spread": seen.spread,
        "weight": seen.weight,
        "reranked": [one.passage.document_name for one in reranked],
    }
