"""Who is at work on a version: a token with an end. Whoever lets it run out has lost it, whatever they still do.

Every write of an ingest goes through `held`, which asks for the token in the same transaction. So of two workers on one
version only one can write, even where the other has only been asleep.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self

from django.db import DatabaseError, connection
from django.db.models import F, Q
from django.db.models.functions import Now

from governance.scope import Scope
from ingestion.models import Status, Version

LEASE = timedelta(seconds=30)
RENEWED_EVERY_S = 8.0
RUNG_AGAIN_AFTER = timedelta(seconds=20)
ATTEMPTS = 3
log = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """Somebody else has the version now, or it is gone. Stop, and touch nothing."""


@dataclass(frozen=True)
class Claim:
    scope: Scope
    version: uuid.UUID
    token: uuid.UUID


def claim(tenant: uuid.UUID, version: uuid.UUID) -> Claim | None:
    """Take a version that waits, or one whose worker has let its lease run out; None where there is nothing to do."""
    made = Claim(Scope.system(tenant), version, uuid.uuid4())
    free = Q(status=Status.QUEUED) | Q(status=Status.PROCESSING, lease_until__lt=Now())
    with made.scope.transaction():
        taken = Version.objects.filter(free, pk=version, collection__deleted_at=None).update(
            status=Status.PROCESSING, lease=made.token, lease_until=Now() + LEASE, attempts=F("attempts") + 1
        )
    return made if taken else None


@contextmanager
def held(claimed: Claim) -> Iterator[Version]:
    """The version's row, locked, in one transaction; what is changed in it is saved. Raises LeaseLostError."""
    with claimed.scope.transaction():
        row = Version.objects.select_for_update().filter(pk=claimed.version, lease=claimed.token).first()
        if row is None:
            raise LeaseLostError
        yield row
        row.save()


def renew(claimed: Claim) -> bool:
    with claimed.scope.transaction():
        mine = Version.objects.filter(pk=claimed.version, lease=claimed.token)
        return bool(mine.update(lease_until=Now() + LEASE))


def due(amount: int) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """(tenant, version) of what waits and of what was left by a worker that died."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant_id, id FROM chancery.due_versions(%s)", [amount])
        return [(tenant, version) for tenant, version in cursor.fetchall()]


def release(tenant: uuid.UUID, version: uuid.UUID) -> None:
    """Back into the queue, and not due again for a while: a bell that rings faster than anyone can come is noise."""
    with Scope.system(tenant).transaction():
        late = Q(lease_until=None) | Q(lease_until__lt=Now())
        Version.objects.filter(late, pk=version, status__in=[Status.QUEUED, Status.PROCESSING]).update(
            status=Status.QUEUED, lease=None, lease_until=Now() + RUNG_AGAIN_AFTER
        )


class Watch:
    """Renews the lease in a thread of its own, since a stage may take longer than a lease lasts."""

    def __init__(self, claimed: Claim, every_s: float = RENEWED_EVERY_S) -> None:
        self._claimed = claimed
        self._every_s = every_s
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _renew(self) -> None:
        while not self._done.wait(self._every_s):
            try:
                if not renew(self._claimed):
                    return
            except DatabaseError:
                # A database that restarts may be back before the lease ends; if not, the next write says so.
                log.warning("the lease of version %s was not renewed", self._claimed.version, exc_info=True)
            finally:
                connection.close()
