"""What each way of searching finds for a question, as the person who runs the evaluation."""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection, Iterable, Sequence

from assistant import answering
from assistant.answering import evidence, ingredients
from assistant.answering.evidence import Decision
from assistant.evaluation.questions import Question
from assistant.evaluation.rows import Row
from governance.errors import InvalidInput
from governance.scope import Scope
from governance.sentence import sentence
from inference import runners
from ingestion import catalog, models, search, understanding
from ingestion.search import Passage

DEPTH = 20  # documents kept of each way


def collections(scope: Scope, wanted: Collection[str]) -> list[models.Collection]:
    """By their names; all that the person may read where none is named. Raises InvalidInput."""
    there = {row.name: row for row in catalog.listed(scope)}
    if unknown := [name for name in wanted if name not in there]:
        raise InvalidInput(sentence("There is no collection %(name)s that this person may read.", name=unknown[0]))
    return [row for name, row in there.items() if not wanted or name in wanted]


def searched(scope: Scope, question: Question, collections: Sequence[uuid.UUID]) -> Row:
    """`both` is the order that answers are written from; the others are its passages by one half of their score alone."""
    began = time.monotonic()
    answer, understood = understanding.passages(scope, question.question, collections, search.LIMIT_MAX)
    took = round((time.monotonic() - began) * 1000)
    found, near = answer.passages, runners.embedder(answer.receipt["index"]).near
    by_words = [one for one in found if one.lexical > 0]
    ranked = {
        "vectors": _documents(question, sorted(found, key=lambda one: -one.dense)),
        "words": _documents(question, sorted(by_words, key=lambda one: -one.lexical)),
        "both": _documents(question, found),
    }
    strictness = evidence.strictest(found[: answering.PASSAGES])
    weighed = evidence.weigh(understood.wanted, found[: answering.PASSAGES], near, strictness, understood.explained)
    return Row(
        id=question.id,
        kind=question.kind,
        language=question.language,
        is_answerable=question.is_answerable,
        relevant=tuple(sorted(question.documents)),
        ranked=ranked,
        suffices=weighed.suffices,
        is_doubtful=weighed.decision is Decision.WARN,
        search_ms=took,
        asked=ingredients.digest(question.question),
    )


def known_as(question: Question, document: uuid.UUID, name: str) -> str:
    """A set may name a document either way."""
    return str(document) if str(document) in question.documents else name


def _documents(question: Question, passages: Iterable[Passage]) -> tuple[str, ...]:
    """A document stands where its best passage does."""
    named = (known_as(question, one.document_id, one.document_name) for one in passages)
    return tuple(dict.fromkeys(named))[:DEPTH]
