"""The order of what was found, and what of it is kept."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from governance.errors import ChanceryError
from inference.runners.base import RerankRunner
from ingestion.models import Classification
from ingestion.search import duplicates, features
from ingestion.search.candidates import Candidates
from ingestion.search.features import Told
from ingestion.search.fusion import Fused
from ingestion.search.postings import Weights
from ingestion.search.reading import Passage
from ingestion.search.reranking import Model

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ranked:
    """`repeats` is the chunk that says the same."""

    passage: Passage
    repeats: uuid.UUID | None = None


def ranked(
    fused: Fused, found: Candidates, weights: Weights, read: Mapping[uuid.UUID, Passage], model: Model
) -> list[Ranked]:
    """What was read of the candidates, the best first: by the fusion, and its best by the model's features."""
    order = [at for at in fused.order if found.chunks[at] in read]
    passages = [_scored(read[found.chunks[at]], at, found, weights) for at in order]
    made = _by_features(fused, weights, order[: model.depth], passages[: model.depth], model)
    rest = order[len(made) :]
    # What it does not order stands below, in the order of the fusion.
    below = made[-1].passage.score - float(fused.score[rest[0]]) if made and rest else 0.0
    for at, one in zip(rest, passages[len(made) :], strict=True):
        parts = {"dense": float(fused.dense[at]), "lexical": float(fused.lexical[at])}
        made.append(_with(one, parts | ({"below": below} if below else {})))
    return made


def _by_features(
    fused: Fused, weights: Weights, best: Sequence[int], passages: Sequence[Passage], model: Model
) -> list[Ranked]:
    if not best:
        return []
    told = [Told(one.text, one.above, one.ordinal, one.document_id) for one in passages]
    dense, lexical, score = ([float(row[at]) for at in best] for row in (fused.dense, fused.lexical, fused.score))
    made = features.of(weights, dense, lexical, score, told)
    found = [_with(one, model.parts(each)) for one, each in zip(passages, made, strict=True)]
    return sorted(found, key=lambda one: (-one.passage.score, one.passage.chunk_id))


def by_server(question: str, order: Sequence[Ranked], server: RerankRunner) -> tuple[list[Ranked], str]:
    """The best in the server's order, and why not where it did not answer: that is no reason to find nothing.

    What is restricted goes to a machine of the house alone, and keeps its place where the server is none; what holds orders for a
    model goes to none, and stands below.
    """
    best = [one for one in order[: server.most] if _may_go(one.passage, server)]
    if not best:
        return list(order), ""
    try:
        scores = server.score(question, [one.passage.whole for one in best])
    except ChanceryError as fault:
        log.warning("the reranker %s did not answer: %s", server.name, fault.message)
        return list(order), fault.message
    told = dict(zip((one.passage.chunk_id for one in best), scores, strict=True))
    first = [_by_server(one, told[one.passage.chunk_id]) for one in best]
    first.sort(key=lambda one: (-one.passage.score, one.passage.chunk_id))
    made = _in_place(order[: server.most], first)
    kept = {one.passage.chunk_id for one in made}
    others = [one for one in order if one.passage.chunk_id not in kept]
    below = made[-1].passage.score - max((one.passage.score for one in others), default=0.0)
    return [*made, *(replace(one, passage=_lowered(one.passage, below)) for one in others)], ""


def chosen(
    order: Sequence[Ranked], limit: int, diversity: float = 0.0, asked: frozenset[str] = frozenset()
) -> tuple[list[Ranked], list[Ranked]]:
    """The best `limit` that do not repeat each other, and the others in their order. `asked` are the question's terms: the same
    words under the heading of what is asked for, or of another year, are no copy.

    With `diversity` a passage loses that much of its score for each of its document that is kept already.
    """
    kept: list[tuple[Ranked, duplicates.Fingerprint]] = []
    cut: list[Ranked] = []
    left = list(order)
    while left and len(kept) < limit:
        best = left.pop(_next(left, [one.passage.document_id for one, _ in kept], diversity))
        print_ = duplicates.fingerprint(best.passage.text)
        alike = (
            one
            for one, other in kept
            if _may_go_alike(one, best)
            and duplicates.repeats(print_, other)
            and not duplicates.is_headed_otherwise(best.passage.above, one.passage.above, asked)
        )
        same = next(alike, None)
        if same is None:
            kept.append((best, print_))
        else:
            cut.append(replace(best, repeats=same.passage.chunk_id))
    return [one for one, _ in kept], [*cut, *left]


def _may_go_alike(one: Ranked, other: Ranked) -> bool:
    """Whether what is withheld of the one is withheld of the other: else its copy may be the one that may be shown."""
    first, second = one.passage, other.passage
    return (first.classification, first.label, first.is_quarantined) == (
        second.classification,
        second.label,
        second.is_quarantined,
    )


def _next(left: Sequence[Ranked], documents: Sequence[uuid.UUID], diversity: float) -> int:
    if not diversity:
        return 0
    worth = [one.passage.score - diversity * documents.count(one.passage.document_id) for one in left]
    return max(range(len(left)), key=lambda at: worth[at])


def _scored(one: Passage, at: int, found: Candidates, weights: Weights) -> Passage:
    return replace(
        one,
        dense=round(float(found.dense[at]), 4),
        lexical=round(float(found.lexical[at]), 4),
        coverage=round(weights.coverage(found.found.get(one.chunk_id, ())), 4),
    )


def _with(one: Passage, parts: Mapping[str, float]) -> Ranked:
    told = {name: round(value, 4) for name, value in parts.items()}
    return Ranked(replace(one, score=round(sum(parts.values()), 4), parts=told))


def _by_server(one: Ranked, score: float) -> Ranked:
    return _with(one.passage, {"server": score})


def _in_place(before: Sequence[Ranked], sent: Sequence[Ranked]) -> list[Ranked]:
    """What the server saw, in its order and places; what it did not, in its own place and as good as the one before."""
    seen = {one.passage.chunk_id for one in sent}
    left, made = iter(sent), list[Ranked]()
    for one in before:
        if one.passage.chunk_id in seen:
            made.append(next(left))
        elif not one.passage.is_quarantined:
            level = (made[-1] if made else sent[0]).passage.score
            parts = one.passage.parts
            made.append(_with(one.passage, {**parts, "place": level - sum(parts.values())}))
    return made


def _lowered(one: Passage, below: float) -> Passage:
    return _with(one, {**one.parts, "below": below}).passage if below < 0 else one


def _may_go(one: Passage, server: RerankRunner) -> bool:
    return not one.is_quarantined and (server.is_in_house or one.classification != Classification.RESTRICTED)
