"""A conversation is a tree: each question stands after another, and one line of them is shown.

A question that is asked again stands beside the one it was asked in place of, after the same turn, and the line goes on from
there. The other line is kept whole, and shown again once somebody chooses it. `superseded_at` is set on what is not shown.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from assistant import models
from assistant.models import Beside
from governance.audit import events
from governance.audit.vocabulary import Event
from governance.errors import Conflict
from governance.scope import Scope
from governance.sentence import phrase


@dataclass(frozen=True)
class _Turn:
    id: uuid.UUID
    after: uuid.UUID | None
    created_at: datetime
    hidden_at: datetime | None  # None: it is shown


class Tree:
    """The turns of one conversation, without their words. In the caller's transaction."""

    def __init__(self, conversation: uuid.UUID) -> None:
        rows = models.Answer.objects.filter(conversation=conversation).order_by("created_at", "pk")
        names = ("pk", "after_id", "created_at", "superseded_at")
        self._turns = {row[0]: _Turn(*row) for row in rows.values_list(*names)}

    @property
    def shown(self) -> list[uuid.UUID]:
        """The line that is shown, its beginning first."""
        return [turn.id for turn in self._turns.values() if turn.hidden_at is None]

    def tip(self) -> uuid.UUID | None:
        """What a new question stands after."""
        return self.shown[-1] if self.shown else None

    def line_to(self, turn: uuid.UUID | None) -> list[uuid.UUID]:
        """The turn and those before it on its line, the first one first; none of nothing."""
        line: list[uuid.UUID] = []
        while turn is not None and turn in self._turns:
            line.append(turn)
            turn = self._turns[turn].after
        return line[::-1]

    def line_through(self, turn: uuid.UUID) -> list[uuid.UUID]:
        """On to its end: where it parts, along what was shown last."""
        line = self.line_to(turn)
        while going_on := self._after(line[-1]):
            line.append(max(going_on, key=lambda one: (one.hidden_at is None, one.hidden_at or one.created_at)).id)
        return line

    def beside(self, turn: uuid.UUID) -> Beside:
        ids = tuple(one.id for one in self._after(self._turns[turn].after))
        return Beside(ids, ids.index(turn) + 1)

    def _after(self, turn: uuid.UUID | None) -> list[_Turn]:
        return [one for one in self._turns.values() if one.after == turn]


def line_to(answer: models.Answer) -> list[uuid.UUID]:
    """Those before it on its line, the first one first. In the caller's transaction."""
    return Tree(answer.conversation_id).line_to(answer.after_id)


def mark(scope: Scope, rows: Sequence[models.Answer]) -> None:
    """Say of each where it stands among those asked in its place. They are of one conversation."""
    if rows:
        with scope.transaction():
            tree = Tree(rows[0].conversation_id)
        for row in rows:
            row.beside = tree.beside(row.pk)


def under_way(answer: models.Answer) -> list[uuid.UUID]:
    """What is shown, is still being written, and goes once this question is asked again. In the caller's transaction.

    The last ones first: the end of one is rung to those that wait for it.
    """
    return list(_going(answer).exclude(status__in=models.FINAL).values_list("pk", flat=True))


def waiting(answer: models.Answer) -> list[uuid.UUID]:
    """Of those the ones that nobody has begun; they are held, so that nobody does."""
    rows = _going(answer).filter(status=models.Status.QUEUED).select_for_update(no_key=True)
    return list(rows.values_list("pk", flat=True))


def _going(answer: models.Answer) -> QuerySet[models.Answer]:
    tree = Tree(answer.conversation_id)
    going = set(tree.shown) - set(tree.line_to(answer.after_id))
    return models.Answer.objects.filter(pk__in=going).order_by("-created_at")


def place(answer: models.Answer, replaces: models.Answer | None, after: uuid.UUID | None = None) -> None:
    """Where a new question stands: beside the one it is asked in place of, or at the end. In its transaction.

    Raises Conflict where that end is not the turn `after` which its asker has before them: the answer would go by a
    history that they do not see.
    """
    answer.after_id = replaces.after_id if replaces else Tree(answer.conversation_id).tip()
    if after is not None and not replaces and after != answer.after_id:
        raise Conflict(phrase("This conversation has gone on in another window. Reload the page, then ask."))


def take_the_place(scope: Scope, replaced: models.Answer, answer: models.Answer) -> None:
    """Show the line that ends in `answer`. In the caller's transaction."""
    tree = Tree(answer.conversation_id)
    gone = _show(tree, tree.line_to(answer.pk))
    facts = {"by": answer.pk, "answers": gone}
    events.record(scope, Event.ANSWER_SUPERSEDED, interaction=replaced.pk, facts=facts)


def choose(scope: Scope, answer: models.Answer) -> None:
    """Show the line that goes through this answer; what was shown in its place is kept."""
    with scope.transaction():
        models.Conversation.objects.select_for_update().get(pk=answer.conversation_id)
        tree = Tree(answer.conversation_id)
        line = tree.line_through(answer.pk)
        if set(line) == set(tree.shown):
            return
        gone = _show(tree, line)
        events.record(scope, Event.ANSWER_CHOSEN, interaction=answer.pk, facts={"answers": line, "instead_of": gone})


def _show(tree: Tree, line: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """What is no longer shown, the first one first."""
    wanted = set(line)
    gone = [one for one in tree.shown if one not in wanted]
    models.Answer.objects.filter(pk__in=wanted, superseded_at__isnull=False).update(superseded_at=None)
    models.Answer.objects.filter(pk__in=gone).update(superseded_at=timezone.now())
    return gone
