"""The only read door to text. A chunk is what is stored; a passage is a chunk that this person was allowed to see.

Candidates are the nearest by vector and the best by words; each is scored both ways, the two scores, each brought to a scale that
compares across questions, are added (ingestion.search.fusion), and the best are ordered by some features more
(ingestion.search.reranking), or by a server that reads question and passage together.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone

from governance import access, stopwatch
from governance.actions import Action
from governance.errors import InvalidInput
from governance.scope import Scope
from governance.sentence import phrase, sentence
from inference import runners
from inference.runners.base import RerankRunner
from ingestion import catalog, documents, indexes
from ingestion.models import Chunk
from ingestion.parsers.base import Locator
from ingestion.search import (
    analysis,
    candidates,
    fusion,
    phrases,
    postings,
    ranking,
    reading,
    receipts,
    reranking,
    terms,
    weighing,
)
from ingestion.search.candidates import Candidates
from ingestion.search.fusion import Fused
from ingestion.search.place import Place
from ingestion.search.postings import Own as Own
from ingestion.search.postings import Weights
from ingestion.search.ranking import Ranked
from ingestion.search.reading import Passage as Passage

LIMIT_MAX = 100
_WIDER = 4  # times as many are looked at where too few are left without copies
_GONE = phrase("There is no such passage, or you may not see it.")


@dataclass(frozen=True)
class Found:
    """Best first. `nearest` is the cosine of the nearest passage, `covered` the share of the question's weight, rare
    terms weighing more, that the passages hold together: both 0 to 1, and comparable across questions. `receipt` is JSON.
    """

    passages: tuple[Passage, ...]
    receipt: dict[str, Any]
    nearest: float = 0.0
    covered: float = 0.0

    def as_facts(self, asked: Sequence[uuid.UUID]) -> dict[str, Any]:
        """For the record, in clear. `asked` are the collections that were chosen."""
        return {
            "asked": sorted(str(one) for one in asked),
            "collections": [collection["id"] for collection in self.receipt["collections"]],
            "passages": [passage.as_facts(rank) for rank, passage in enumerate(self.passages, 1)],
        }


@dataclass(frozen=True)
class Survey:
    """What was found before it is put in order: `read` are the passages of it, as far as they may be read.

    `spread` is the embedder's, `weight` that of words for this question.
    """

    index: str
    spread: float
    weight: float
    fused: Fused
    collections: dict[uuid.UUID, str]  # names by id
    weights: Weights
    found: Candidates
    read: dict[uuid.UUID, Passage]


def passages(
    scope: Scope, question: str, collections: Sequence[uuid.UUID] = (), limit: int = 8, index: str = ""
) -> Found:
    """What this scope may read about the question; none of `collections` means all that it may read. The live index is asked, or
    the one that `index` names.

    Raises NotFound where one of `collections` may not be read, InvalidInput, and Unavailable without an embedder.
    """
    return within(where(scope, collections, index), question, limit)


def where(scope: Scope, collections: Sequence[uuid.UUID] = (), index: str = "") -> Place:
    """Where a search with these chosen looks. It only says what is asked for: each search reads under the rights of then.
    Raises NotFound for a collection that may not be read.
    """
    with scope.transaction():
        return Place(scope, index or indexes.live(scope), _searched(scope, collections))


def within(place: Place, question: str, limit: int, own: Own | None = None, quoted: Sequence[str] = ()) -> Found:
    """As `passages`, once it is known where to look. `own` is the question before the glossary added to it; what holds one of
    the phrases `quoted` comes first.

    Raises InvalidInput, and Unavailable without an embedder.
    """
    if not question.strip():
        raise InvalidInput("Say what to look for.")
    if not 1 <= limit <= LIMIT_MAX:
        raise InvalidInput(sentence("The limit lies between 1 and %(most)s.", most=LIMIT_MAX))
    most, quotes = max(candidates.MOST, limit), _Quotes(quoted, place.holding(quoted))
    made = _ordered(place, question, limit, own, quotes, most)
    if len(made.kept) < limit and made.seen.found.has_more:  # copies of one another have taken the places
        made = _ordered(place, question, limit, own, quotes, most * _WIDER)
    seen, order, kept, cut = made.seen, made.order, made.kept, made.cut
    weighs = {"weighed": shares} if (shares := weighing.told(order)) else {}
    held = (seen.found.found.get(one.passage.chunk_id, frozenset()) for one in kept)
    return Found(
        passages=tuple(one.passage for one in kept),
        receipt=_receipt(seen, kept, cut[:limit], limit)
        | {"ranking": _ranking(seen, made.server, made.fault) | weighs},
        nearest=max((one.passage.dense for one in kept), default=0.0),
        covered=seen.weights.coverage(word for words in held for word in words),
    )


@dataclass(frozen=True)
class _Quotes:
    """`chunks` may hold one of the phrases."""

    phrases: Sequence[str]
    chunks: Sequence[uuid.UUID]


@dataclass(frozen=True)
class _Ordered:
    """What was found in its order, what is kept of it, and why the reranking `server` did not answer."""

    seen: Survey
    order: list[Ranked]
    kept: list[Ranked]
    cut: list[Ranked]
    server: RerankRunner | None
    fault: str


def _ordered(place: Place, question: str, limit: int, own: Own | None, quotes: _Quotes, most: int) -> _Ordered:
    seen, server = survey(place, question, own, most, quotes.chunks), runners.reranker()
    with stopwatch.step("ranking"):
        order, fault = ranking.ranked(seen.fused, seen.found, seen.weights, seen.read, reranking.model()), ""
        if server is not None:
            order, fault = ranking.by_server(question, order, server)
        order = weighing.weighed(order, timezone.now())
        if quotes.phrases:
            order.sort(key=lambda one: phrases.lacking(quotes.phrases, one.passage.whole))
        diversity = 0.0 if quotes.phrases else settings.SEARCH_DIVERSITY  # which goes by scores alone
        kept, cut = ranking.chosen(order, limit, diversity, frozenset(terms.terms(question)))
    return _Ordered(seen, order, kept, cut, server, fault)


def survey(
    place: Place, question: str, own: Own | None = None, most: int = candidates.MOST, quoted: Sequence[uuid.UUID] = ()
) -> Survey:
    """The candidates with both their scores, and their texts; the nearest of the chunks `quoted` are among them.
    Raises Unavailable without an embedder.
    """
    scope, mine = place.scope, place.collections
    embedder = runners.embedder(place.index)
    # Before the transaction: a model at work must not hold a connection.
    with stopwatch.step("vectors"):
        query = embedder.embed([question], "query")[0] if mine else None
    with scope.transaction():
        with stopwatch.step("words"):
            weights = postings.weigh(scope, question, mine, place.documents, own)
        found = Candidates()
        if query is not None:
            found = candidates.gather(place, query, weights, most, quoted)
        with stopwatch.step("fetching"):
            read = reading.read(scope, found.chunks)
            names = catalog.names(scope, mine)
    near = [read[found.chunks[at]].text for at in found.nearest if found.chunks[at] in read]
    weight = fusion.lexical_weight(question, near, embedder.languages)
    fused = fusion.fuse(found, weights, embedder.spread, weight)
    shown = {one: names[one] for one in mine if one in names}
    return Survey(embedder.name, embedder.spread, weight, fused, shown, weights, found, read)


def passage(scope: Scope, chunk: uuid.UUID) -> Passage:
    """One passage, as a citation opens it. Raises NotFound."""
    with scope.transaction():
        found = reading.read(scope, [chunk])
    if not found:
        raise access.unseen(Action.COLLECTION_READ, "passage", chunk, _GONE)
    return found[chunk]


def again(scope: Scope, chunks: Sequence[uuid.UUID]) -> dict[uuid.UUID, Passage]:
    """Those of the passages that this scope may read now, in versions in force."""
    with scope.transaction():
        return reading.read(scope, chunks)


def neighbours(scope: Scope, one: Passage, most: int) -> tuple[list[Passage], list[Passage]]:
    """What stands before and after it in its document, at most `most` passages each, in the document's order."""
    with scope.transaction():
        rows = Chunk.objects.filter(tenant_id=scope.tenant, version_id=one.version_id)
        near = rows.filter(ordinal__range=(one.ordinal - most, one.ordinal + most)).exclude(id=one.chunk_id)
        found = sorted(
            reading.read(scope, list(near.values_list("id", flat=True))).values(), key=lambda two: two.ordinal
        )
    return [two for two in found if two.ordinal < one.ordinal], [two for two in found if two.ordinal > one.ordinal]


def section_around(scope: Scope, one: Passage, most: int) -> tuple[list[Passage], list[Passage]]:
    """As `neighbours`, but only what stands under the same headings, without a gap, and may be shown to a model."""
    before, after = neighbours(scope, one, most)
    return _unbroken(one, before[::-1])[::-1], _unbroken(one, after)


def _unbroken(one: Passage, near: Sequence[Passage]) -> list[Passage]:
    """Of what leads away from a passage, as much as belongs to it."""
    kept: list[Passage] = []
    for distance, other in enumerate(near, 1):
        is_next = abs(other.ordinal - one.ordinal) == distance
        if not is_next or other.heading_path != one.heading_path or other.is_quarantined:
            break
        kept.append(other)
    return kept


def document_text(scope: Scope, document: uuid.UUID, page: int | None = None) -> list[Passage]:
    """What readers see of a document, or of one page of it, in its order; empty while nothing is ready. Raises NotFound."""
    with scope.transaction():
        row = documents.get(scope, document)
        if row.current_id is None:
            return []
        chunks = Chunk.objects.filter(tenant_id=scope.tenant, version_id=row.current_id)
        if page is not None:  # what stands on it may have begun on the one before
            chunks = chunks.filter(locator__page__in=(page - 1, page))
        found = reading.read(scope, list(chunks.values_list("id", flat=True))).values()
    return sorted((one for one in found if page is None or _is_on(one, page)), key=lambda one: one.ordinal)


def _is_on(one: Passage, page: int) -> bool:
    place = Locator.from_json(one.locator)
    return place.page == page or any(box.page == page for box in place.boxes)


def _searched(scope: Scope, asked: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    mine = catalog.readable(scope, asked)
    if not asked:
        return mine
    for refused in sorted(set(asked) - set(mine)):
        message = phrase("There is no such collection, or you may not read it.")
        raise access.unseen(Action.COLLECTION_READ, "collection", refused, message)
    return [one for one in mine if one in set(asked)]


def _receipt(seen: Survey, kept: Sequence[Ranked], cut: Sequence[Ranked], limit: int) -> dict[str, Any]:
    return {
        "collections": [{"id": str(one), "name": name} for one, name in seen.collections.items()],
        "index": seen.index,
        "chunks": seen.weights.chunks,
        "stale": seen.weights.stale,
        "candidates": len(seen.found.chunks),
        "words": {word: round(weight, 3) for word, weight in seen.weights.by_word.items()},
        "kept": [receipts.line(rank, one.passage) for rank, one in enumerate(kept, 1)],
        "cut": [_left_out(one, limit) for one in cut],
    }


def _ranking(seen: Survey, server: RerankRunner | None, fault: str) -> dict[str, Any]:
    """By which numbers the order was made."""
    model = reranking.model()
    return {
        "analysis": analysis.VERSION,
        "lexical_weight": seen.weight,
        "spread": seen.spread,
        "reranker": {"name": model.name, "depth": model.depth, "weights": dict(model.weights)},
        "server": server.name if server else "",
        "fault": fault,
    }


def _left_out(one: Ranked, limit: int) -> dict[str, Any]:
    if one.repeats:
        return receipts.repeated(one.passage.chunk_id, one.passage.score, one.repeats)
    return receipts.left_out(one.passage.chunk_id, one.passage.score, limit)
