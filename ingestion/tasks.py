"""Celery's shells: an id in, one call out. What there is to do stands in the rows."""

from __future__ import annotations

import logging
import uuid

from celery import shared_task
from kombu.exceptions import OperationalError

from ingestion import leases, pipeline, purging

AT_ONCE = 100
log = logging.getLogger(__name__)


@shared_task
def ingest(tenant: str, version: str) -> None:
    pipeline.ingest(uuid.UUID(tenant), uuid.UUID(version))


@shared_task
def sweep() -> int:
    """Ring again for what a lost message or a dead worker left behind. Returns for how many."""
    due = leases.due(AT_ONCE)
    for tenant, version in due:
        leases.release(tenant, version)
        ring(tenant, version)
    return len(due)


@shared_task
def purge() -> int:
    return purging.purge()


@shared_task
def remove_strays() -> int:
    return purging.remove_strays()


def ring(tenant: uuid.UUID, version: uuid.UUID) -> None:
    """Never fails: while the broker is away the row waits, and the sweep rings when it is back."""
    try:
        ingest.apply_async((str(tenant), str(version)), retry=False)
    except (OperationalError, OSError) as fault:
        log.warning("nobody was rung for version %s: %s", version, fault)
