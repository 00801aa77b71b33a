"""Sends what is sealed to where it is to go: at least once, in order, and nothing is passed over.

The cursor moves when a batch has arrived. Between the two a process may die: then the batch comes again, with the same ids.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from governance import models
from governance.audit import keyring
from governance.audit.out import cursors, installed, lines, targets
from governance.audit.out.sinks.base import Sink, SinkDown
from governance.scope import Scope

log = logging.getLogger(__name__)

AT_ONCE = 100  # targets that one sweep rings for
BUDGET_S = 5.0  # of one turn: then the others have theirs


@dataclass(frozen=True)
class _Way:
    sink: Sink
    form: str
    with_words: bool
    only: Sequence[str] = ()


def due() -> list[tuple[uuid.UUID, uuid.UUID]]:
    """(tenant, target) to call `forward` with."""
    return cursors.due(list(installed.targets()), AT_ONCE)


def forward(tenant: uuid.UUID, target: uuid.UUID) -> int:
    """How many lines arrived. May be called twice, and by two at once: one of them has nothing to do."""
    if target in installed.targets():
        with Scope.system(tenant).transaction():
            cursors.ensure(tenant, target)
    held = cursors.claim(tenant, target)
    if held is None:
        return 0
    try:
        return _forward(held)
    except cursors.LeaseLost:
        log.info("target %s of %s goes on elsewhere", target, tenant)
        return 0
    finally:
        connection.close()


def _forward(held: cursors.Claim) -> int:
    arrived, until = 0, time.monotonic() + BUDGET_S
    way = None
    try:
        way = _way(held.scope, held.target)
        while way is not None and time.monotonic() < until:
            batch = lines.batch(
                held.scope, held.next_index, held.next_head, way.form, with_words=way.with_words, only=way.only
            )
            connection.close()  # a receiver takes seconds: somebody else may have the connection meanwhile
            if (batch.next_index, batch.next_head) == (held.next_index, held.next_head):
                break
            if batch.lines:
                way.sink.send(held.scope.tenant, batch.lines)
            held = cursors.advance(held, batch.next_index, batch.next_head, batch.events)
            arrived += len(batch.lines)
    except (SinkDown, keyring.KeyGone) as fault:
        cursors.fail(held, str(fault))
        log.warning("target %s of %s: %s", held.target, held.scope.tenant, fault)
        return arrived
    except cursors.LeaseLost:
        raise
    except Exception as fault:
        cursors.fail(held, f"{type(fault).__name__}: see the log of the housekeeping worker")
        raise
    finally:
        if way is not None:
            way.sink.close()
    cursors.release(held)
    return arrived


def _way(scope: Scope, target: uuid.UUID) -> _Way | None:
    """None for one that was removed or switched off since it was rung for."""
    known = installed.targets().get(target)
    if known:
        return _Way(known.sink(), known.format, with_words=False)
    with scope.transaction():
        row = models.ForwardTarget.objects.filter(pk=target, is_enabled=True).first()
    return _Way(targets.sink(row), row.format, row.carries_words, row.only) if row else None
