"""Two answers to what was asked in one place, side by side: by two models, over two choices of collections, or in other words."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from assistant import conversations, models
from assistant.conversations import branches
from governance import access
from governance.actions import Action
from governance.scope import Scope


@dataclass(frozen=True)
class Compared:
    """The one that was asked first stands left. `both` are the passages that both cite."""

    left: models.Answer
    right: models.Answer
    both: frozenset[str]

    @property
    def ids(self) -> tuple[uuid.UUID, ...]:
        """All that were asked in this place."""
        return self.left.beside.ids if self.left.beside else ()

    @property
    def is_same_question(self) -> bool:
        return self.left.question.strip() == self.right.question.strip()


def of(scope: Scope, answer: uuid.UUID, other: uuid.UUID | None = None) -> Compared:
    """`other` is one of those beside it; the nearest where none is named. Raises NotFound, also where there is none."""
    first = conversations.answer_of(scope, answer)
    branches.mark(scope, [first])
    beside = first.beside
    near = (beside.previous or beside.following) if beside else None
    wanted = other or near
    if beside is None or wanted not in beside.ids or wanted == answer:
        raise access.unseen(Action.ASK, "answer", other or answer, "There is no such answer beside this one.")
    second = conversations.answer_of(scope, wanted)
    branches.mark(scope, [second])
    left, right = sorted((first, second), key=lambda row: row.created_at)
    return Compared(left, right, cited(left) & cited(right))


def cited(row: models.Answer) -> frozenset[str]:
    """The passages that its sentences stand on."""
    return frozenset(str(one["chunk_id"]) for segment in row.segments.all() for one in segment.citations)
