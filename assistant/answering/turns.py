"""Whose turn it is on a line: a question waits for the end of the answer before it, which its model is told.

It waits as a row and holds no thread: whoever takes an answer leaves it where it is, and the end before it rings for it. So
does what waits because its tenant has as many under way as it may: see `ring_for_room`.
"""

from __future__ import annotations

import logging
import uuid
from functools import partial

from django.db import Error, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from assistant import conversations, models
from governance.leases import RUN_OUT
from governance.scope import Scope

log = logging.getLogger(__name__)


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


def ring_for_room(scope: Scope, ended: uuid.UUID) -> None:
    """After the transaction in which an answer ended, and its room with it: ring for one that waits in its tenant besides those
    that were rung for already. Its own ring may have found the tenant at its bound. Never fails: the sweep rings later.

    Not within that transaction: a ring that is heard just before it commits finds no room, and would be the last.
    """
    try:
        with scope.transaction():
            waiting = models.Answer.objects.filter(Q(lease_until=None) | RUN_OUT, ~waits(), status=models.Status.QUEUED)
            one = waiting.exclude(after=ended).values_list("pk", flat=True).first()
    except Error as fault:
        log.warning("nobody was rung for what waits besides answer %s: %s", ended, fault)
    else:
        if one is not None:
            conversations.ring(scope.tenant, one)


def _open() -> QuerySet[models.Answer]:
    return models.Answer.objects.exclude(status__in=models.FINAL)
