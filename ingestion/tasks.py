"""Celery's shells. A message is a doorbell that says: take the next. What there is to do stands in the rows."""

from __future__ import annotations

import functools
import logging
import threading
import time
import uuid
from typing import Any

import redis
from celery import shared_task
from celery.signals import worker_shutting_down
from django.conf import settings
from kombu.exceptions import OperationalError

from ingestion import cutting, line, pipeline
from ingestion.documents import purging
from ingestion.indexes import building
from ingestion.leaving import erasing
from ingestion.search import rewriting
from ingestion.sources import leases as source_leases
from ingestion.sources import work

QUEUE = "ingest"  # as CELERY_TASK_ROUTES names it
# For so long a message keeps a hand: one for every document costs as much as a passage, and what else its worker has to do
# takes turns with them.
HAND_S = 5.0
log = logging.getLogger(__name__)
_stops = threading.Event()


@shared_task
def take() -> None:
    """One version after the other, each read to its end, until none can be taken or the hand is wanted elsewhere.

    It rings where there may be work for a hand that has found none: before the first, and when it turns to another tenant,
    for then there is room at work for the last one's next. And it rings where it leaves what waits.
    """
    until, last = time.monotonic() + HAND_S, None
    while (claimed := line.take()) is not None:
        if claimed.scope.tenant != last:
            ring()
        last = claimed.scope.tenant
        pipeline.work(claimed)
        if time.monotonic() >= until or _stops.is_set():
            ring()
            return


@worker_shutting_down.connect
def stop(**_: object) -> None:
    _stops.set()


@shared_task
def sweep() -> bool:
    """Ring again where a message was lost, a worker died, or a wait is over."""
    is_waiting = line.is_waiting()
    if is_waiting:
        ring()
    return is_waiting


@shared_task
def build(tenant: str, index: str) -> None:
    """A stretch of it; one that is not the last rings for the next."""
    if building.stretch(uuid.UUID(tenant), uuid.UUID(index)):
        ring_index(uuid.UUID(tenant), uuid.UUID(index))


@shared_task
def sweep_indexes() -> int:
    due = building.due()
    for tenant, index in due:
        ring_index(tenant, index)
    return len(due)


@shared_task
def work_on_source(tenant: str, source: str) -> None:
    work.work(uuid.UUID(tenant), uuid.UUID(source))


@shared_task
def sweep_sources() -> int:
    """Ring for the sources that are due, as many as may be looked at beside each other. Returns for how many."""
    due = source_leases.due(settings.SOURCES_AT_ONCE)
    for tenant, source in due:
        source_leases.put_off(tenant, source)
        _send(work_on_source, tenant, source)
    return len(due)


@shared_task
def reread(tenant: str) -> None:
    if cutting.go_on(uuid.UUID(tenant)):
        ring_rereading(uuid.UUID(tenant))


@shared_task
def sweep_rereading() -> int:
    tenants = cutting.every()
    for tenant in tenants:
        ring_rereading(tenant)
    return len(tenants)


@shared_task
def rewrite(tenant: str) -> None:
    """A stretch of the words that another version of the analysis counted."""
    if rewriting.stretch(uuid.UUID(tenant)):
        _send(rewrite, uuid.UUID(tenant))


@shared_task
def sweep_rewriting() -> int:
    tenants = rewriting.every()
    for tenant in tenants:
        _send(rewrite, tenant)
    return len(tenants)


@shared_task
def purge() -> int:
    return erasing.purge() + purging.purge()


@shared_task
def remove_strays() -> int:
    return purging.remove_strays()


def ring() -> None:
    """Never fails: while the broker is away the rows wait, and the sweep rings when it is back.

    A bell that has rung and that nobody has heard yet is enough, however many documents come.
    """
    try:
        if not _rings():
            take.apply_async(retry=False)
    except (OperationalError, redis.RedisError, OSError) as fault:
        log.warning("nobody was rung for what waits: %s", fault)


def _rings() -> bool:
    return bool(_broker(settings.CELERY_BROKER_URL).exists(QUEUE))


@functools.cache
def _broker(url: str) -> redis.Redis:
    """Kept, with its connections."""
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=1)


def ring_index(tenant: uuid.UUID, index: uuid.UUID) -> None:
    _send(build, tenant, index)


def ring_rereading(tenant: uuid.UUID) -> None:
    _send(reread, tenant)


def _send(task: Any, *keys: uuid.UUID) -> None:
    """Never fails: the sweep sends it again."""
    try:
        task.apply_async(tuple(str(key) for key in keys), retry=False)
    except (OperationalError, OSError) as fault:
        log.warning("nobody was rung for %s: %s", task.name, fault)
