"""Whose turn it is on a line: a question waits for the end of the answer before it, which its model is told.

It waits as a row and holds no thread: `lease.claim` leaves it where it is, and the end before it rings for it.
"""

from __future__ import annotations

import uuid
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from assistant import conversations, models
from governance.scope import Scope


def waits() -> Exists:
    """Of an answer's row: whether the one before it has not ended."""
    return Exists(_open().filter(pk=OuterRef("after")))


def waits_for(row: models.Answer) -> uuid.UUID | None:
    """The one before it, while that has not ended. In the caller's transaction."""
    return row.after_id if row.after_id and _open().filter(pk=row.after_id).exists() else None


def ring_next(scope: Scope, ended: uuid.UUID) -> None:
    """Last in the transaction in which an answer ends: once it has committed, each that waits for it is rung for.

    One that is asked in that very moment may be missed: the sweep rings for it, within seconds.
    """
    behind = models.Answer.objects.filter(after=ended, status=models.Status.QUEUED)
    for one in behind.values_list("pk", flat=True):
        transaction.on_commit(partial(conversations.ring, scope.tenant, one))


def _open() -> QuerySet[models.Answer]:
    return models.Answer.objects.exclude(status__in=models.FINAL)
