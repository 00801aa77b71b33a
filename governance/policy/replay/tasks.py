"""Celery's shell: an id in, one call out; a stretch that is not the last rings for the next."""

from __future__ import annotations

import logging
import uuid

from celery import shared_task
from kombu.exceptions import OperationalError

from governance.policy.replay import work

log = logging.getLogger(__name__)


@shared_task
def replay(tenant: str, row: str) -> None:
    if work.stretch(uuid.UUID(tenant), uuid.UUID(row)):
        ring(uuid.UUID(tenant), uuid.UUID(row))


@shared_task
def sweep() -> int:
    """Ring again for what a lost message or a dead worker left behind. Returns for how many."""
    due = work.due()
    for tenant, row in due:
        ring(tenant, row)
    return len(due)


def ring(tenant: uuid.UUID, row: uuid.UUID) -> None:
    """Never fails: while the broker is away the row waits, and the sweep rings when it is back."""
    try:
        replay.apply_async((str(tenant), str(row)), retry=False)
    except (OperationalError, OSError) as fault:
        log.warning("nobody was rung for replay %s: %s", row, fault)
