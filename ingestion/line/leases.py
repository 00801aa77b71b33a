"""Who is at work on a version: see governance.leases. Every write of an ingest goes through `Claim.held`."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db.models import F, Q
from django.db.models.functions import Now

from governance import leases
from ingestion.models import Status, Version

ATTEMPTS = 3  # that may fail
# That may be killed: documents that were at work beside the cause are killed with it, and are not to blame.
KILLED_MOST = 8
# One that is queued may be taken past the line, whatever its `lease_until` says: that holds it back in the line alone.
VERSIONS = leases.Lease(
    Version,
    timedelta(seconds=30),
    free=(Q(status=Status.QUEUED) | Q(status=Status.PROCESSING) & leases.RUN_OUT)
    & Q(collection__deleted_at=None, document__deleted_at=None, collection__paused_at=None),
)
LEASE = VERSIONS.lasts
Claim = leases.Claim[Version]


def claim(tenant: uuid.UUID, version: uuid.UUID) -> Claim | None:
    """Take this version, past the line, where it waits or its worker has let its lease run out; else None."""
    return VERSIONS.take(tenant, version, status=Status.PROCESSING, taken_at=Now(), attempts=F("attempts") + 1)
