"""Where a question and its answer stand, for the rules of the policy: who asks, by which assistant, and under which labels."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from assistant import models
from governance.policy import enforcement
from governance.policy.rules import Place, Policy, Stage
from governance.scope import Scope
from ingestion.documents import labelled
from ingestion.documents.labelled import Mark
from ingestion.search import Passage


def of_question(
    scope: Scope,
    policy: Policy,
    wanted: frozenset[uuid.UUID],
    assistant: uuid.UUID | None,
    *,
    is_model_only: bool,
) -> Place:
    """The collections a question is about: none of them without documents, and any of them where none is named. Its labels are
    those of what may be found for it, looked up where a rule asks for them.
    """
    among = frozenset() if is_model_only else wanted or None
    asks = policy.asks_for_labels(Stage.INPUT)
    ranks = frozenset[int]() if is_model_only else labelled.ranks(scope, among) if asks else None
    return enforcement.place(scope, among, ranks, _asked(assistant))


def place(scope: Scope, row: models.Answer) -> Place:
    """Of any text for this answer. In the caller's transaction."""
    held = models.Conversation.objects.filter(pk=row.conversation_id).values_list("assistant", flat=True).first()
    return enforcement.place(scope, assistants=_asked(held))


def of_answer(place: Place, passages: Sequence[Passage], before: Mark | None = None) -> Place:
    """Of what is written from these passages and from earlier turns, which carry `before`."""
    collections = {passage.collection_id for passage in passages}
    return place.of(collections=collections, labels=_ranks([*(one.label for one in passages), before]))


def of_passage(place: Place, passage: Passage) -> Place:
    return place.of(collections=[passage.collection_id], labels=_ranks([passage.label]))


def _ranks(marks: Iterable[Mark | None]) -> frozenset[int]:
    """What carries no label is under none, as all is where the tenant has no labels."""
    return frozenset(one.rank for one in marks if one is not None)


def _asked(assistant: uuid.UUID | None) -> frozenset[uuid.UUID]:
    return frozenset() if assistant is None else frozenset([assistant])
